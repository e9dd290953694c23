using System.Buffers;
using System.Buffers.Binary;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Benchmarks.Link;

/// <summary>200 bytes with a codec of their own.</summary>
internal sealed record Load(byte[] Bytes);

/// <summary>200 bytes as JSON.</summary>
internal sealed record JsonLoad(string Host, string State, long Free, long Total, string Note);

/// <summary>So many have arrived since the last of these.</summary>
internal sealed record LoadAck(int Count);

/// <summary>Send so many: of codec 0, or as JSON.</summary>
internal sealed record StartLoad(int Messages, int Codec);

/// <summary>The sender is where the load is to go.</summary>
internal sealed record PullHere;

internal static class LoadMessages
{
    public static readonly Load Plain = new(new byte[200]);

    public static readonly JsonLoad Json = new(
        "compute-host-0042.example",
        "Ready",
        412_316_860_416,
        1_099_511_627_776,
        "fetching debian-12 at 117 MiB/s, 61 % done, 12 waiters, 3 bases ready, 44 clones ok");

    public static MessageSerializer Register(MessageSerializer serializer) => serializer
        .Register<Load>("l", (load, output) => output.Write(load.Bytes), i => new(i.ToArray()))
        .Register<JsonLoad>("j")
        .Register<LoadAck>("a", WriteAck, i => new(BinaryPrimitives.ReadInt32LittleEndian(i)))
        .Register<StartLoad>("s")
        .Register<PullHere>("p");

    private static void WriteAck(LoadAck ack, IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), ack.Count);
        output.Advance(4);
    }
}

/// <summary>Counts the load and acknowledges every thousand to its sender.</summary>
internal sealed class LoadSink : UntypedActor
{
    public const int Block = 1_000;

    private int _count;

    protected override void OnReceive(object message)
    {
        if (++_count % Block == 0)
            Sender.Tell(new LoadAck(Block), Self);
    }
}

/// <summary>Sends a load with at most a window of it unacknowledged, as a sender must that does
/// not want to overrun a link.</summary>
internal sealed class LoadDriver : UntypedActor
{
    private const int Window = 20 * LoadSink.Block;

    private readonly IActorRef _sink;
    private readonly StartLoad _load;
    private readonly TaskCompletionSource _done;
    private int _sent;
    private int _acknowledged;

    private LoadDriver(IActorRef sink, StartLoad load, TaskCompletionSource done) =>
        (_sink, _load, _done) = (sink, load, done);

    public static Task RunAsync(IActorRefFactory system, IActorRef sink, StartLoad load)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(Props.Create(() => new LoadDriver(sink, load, done)));
        return done.Task;
    }

    protected override void PreStart() => Send(Window);

    protected override void OnReceive(object message)
    {
        _acknowledged += ((LoadAck)message).Count;
        if (_acknowledged < _load.Messages)
        {
            Send(LoadSink.Block);
            return;
        }
        _done.SetResult();
        Context.Stop(Self);
    }

    private void Send(int count)
    {
        object message = _load.Codec == 0 ? LoadMessages.Plain : LoadMessages.Json;
        for (; count > 0 && _sent < _load.Messages; count--, _sent++)
            _sink.Tell(message, Self);
    }
}

/// <summary>Sends a load to whom it is told, and says when it has arrived.</summary>
internal sealed class LoadSource : UntypedActor
{
    private StartLoad? _load;
    private IActorRef? _asker;

    protected override void OnReceive(object message)
    {
        if (message is StartLoad load)
        {
            (_load, _asker) = (load, Sender);
            return;
        }
        var asker = _asker!;
        var done = LoadDriver.RunAsync(Context.System, Sender, _load!);
        _ = done.ContinueWith(
            _ => asker.Tell(new LoadAck(1), ActorRefs.NoSender), TaskScheduler.Default);
    }
}

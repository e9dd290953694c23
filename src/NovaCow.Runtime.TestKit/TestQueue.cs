using System.Threading.Channels;
using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.TestKit;

/// <summary>A message that a test actor received, and from whom.</summary>
public sealed record MessageEnvelope(object Message, IActorRef Sender);

/// <summary>Answers messages in the background, before the test sees them.</summary>
public abstract class AutoPilot
{
    /// <summary>Handles one message and says who handles the next.</summary>
    public abstract AutoPilot Run(IActorRef sender, object message);

    /// <summary>Runs the function for every message, for good.</summary>
    public static AutoPilot Of(Action<IActorRef, object> run) => new Endless(run);

    private sealed class Endless(Action<IActorRef, object> run) : AutoPilot
    {
        public override AutoPilot Run(IActorRef sender, object message)
        {
            run(sender, message);
            return this;
        }
    }
}

/// <summary>Ends an auto pilot.</summary>
public sealed class NoAutoPilot : AutoPilot
{
    private NoAutoPilot()
    {
    }

    public static NoAutoPilot Instance { get; } = new();

    public override AutoPilot Run(IActorRef sender, object message) => this;
}

/// <summary>What a test actor has received and the test has not looked at.</summary>
internal sealed class TestQueue
{
    private readonly Channel<MessageEnvelope> _messages =
        Channel.CreateUnbounded<MessageEnvelope>();

    private volatile Func<object, bool>? _ignore;
    private volatile AutoPilot? _pilot;

    public Func<object, bool>? Ignore
    {
        get => _ignore;
        set => _ignore = value;
    }

    public AutoPilot? Pilot
    {
        get => _pilot;
        set => _pilot = value;
    }

    public bool HasMessages => _messages.Reader.TryPeek(out _);

    public void Add(MessageEnvelope envelope)
    {
        _pilot = _pilot?.Run(envelope.Sender, envelope.Message);
        if (_ignore?.Invoke(envelope.Message) != true)
            _messages.Writer.TryWrite(envelope);
    }

    public bool TryTake(out MessageEnvelope? envelope) => _messages.Reader.TryRead(out envelope);

    /// <summary>The next message, or null when none came in that (real) time.</summary>
    public async Task<MessageEnvelope?> Take(TimeSpan max, CancellationToken cancellationToken)
    {
        if (_messages.Reader.TryRead(out var ready))
            return ready;
        if (max <= TimeSpan.Zero)
            return null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(max);
        try
        {
            return await _messages.Reader.ReadAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}

/// <summary>The actor behind a test kit or a probe: it only collects.</summary>
internal sealed class CollectingActor : UntypedActor
{
    private readonly TestQueue _queue;

    public CollectingActor(TestQueue queue) => _queue = queue;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case WatchRequest request:
                Context.Watch(request.Subject);
                Sender.Tell(request);
                break;
            case UnwatchRequest request:
                Context.Unwatch(request.Subject);
                Sender.Tell(request);
                break;
            default:
                _queue.Add(new MessageEnvelope(message, Sender));
                break;
        }
    }

    public sealed record WatchRequest(IActorRef Subject);

    public sealed record UnwatchRequest(IActorRef Subject);
}

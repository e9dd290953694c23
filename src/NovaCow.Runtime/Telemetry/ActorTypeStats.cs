using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace NovaCow.Runtime.Telemetry;

/// <summary>
/// What all actors of one class in this process have done. Counting is per run of a mailbox, not
/// per message, and spread over cache lines, so that it costs next to nothing.
/// </summary>
internal sealed class ActorTypeStats
{
    private const int Shards = 8;
    private static readonly ConcurrentDictionary<Type, ActorTypeStats> ByType = new();

    private readonly PaddedCounter[] _processed = new PaddedCounter[Shards];
    private long _live;
    private long _restarts;
    private long _stops;
    private long _deadLetters;

    private ActorTypeStats(Type type) => Tag = new KeyValuePair<string, object?>(
        ActorMetrics.TypeTag, type.IsGenericType ? type.ToString() : type.Name);

    public static IEnumerable<ActorTypeStats> All => ByType.Values;

    public KeyValuePair<string, object?> Tag { get; }

    public long Live => Volatile.Read(ref _live);

    public long Restarts => Volatile.Read(ref _restarts);

    public long Stops => Volatile.Read(ref _stops);

    public long DeadLetters => Volatile.Read(ref _deadLetters);

    public long Processed
    {
        get
        {
            var sum = 0L;
            foreach (ref var shard in _processed.AsSpan())
                sum += Volatile.Read(ref shard.Value);
            return sum;
        }
    }

    public static ActorTypeStats Of(Type type) =>
        ByType.GetOrAdd(type, static t => new ActorTypeStats(t));

    public void CountProcessed(int messages) => Interlocked.Add(
        ref _processed[Thread.GetCurrentProcessorId() & (Shards - 1)].Value, messages);

    public void CountStart() => Interlocked.Increment(ref _live);

    public void CountRestart() => Interlocked.Increment(ref _restarts);

    public void CountStop()
    {
        Interlocked.Decrement(ref _live);
        Interlocked.Increment(ref _stops);
    }

    public void CountDeadLetter() => Interlocked.Increment(ref _deadLetters);

    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct PaddedCounter
    {
        [FieldOffset(0)]
        public long Value;
    }
}

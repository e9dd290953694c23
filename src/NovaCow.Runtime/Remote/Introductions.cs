using System.Collections.Concurrent;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote.Wire;

namespace NovaCow.Runtime.Remote;

/// <summary>
/// The local actors that a peer may address, because they were senders over this link: each has
/// a number, never used twice. Those that have stopped are forgotten now and then, and when too
/// many live on, the oldest. Changed under the link's lock; found from any thread.
/// </summary>
internal sealed class Introductions(int limit = Limits.Introductions)
{
    private const int MinSweep = 1024;

    private readonly ConcurrentDictionary<long, IActorRef> _byNumber = new();
    private readonly Dictionary<IActorRef, long> _numbers = new(ReferenceEqualityComparer.Instance);
    private IActorRef? _lastActor;
    private long _lastActorNumber;
    private long _last;
    private int _sweepAt = Math.Min(MinSweep, limit);

    public int Count => _byNumber.Count;

    public IActorRef? Find(long number) => _byNumber.GetValueOrDefault(number);

    /// <summary>The number of an actor that may be introduced already.</summary>
    public long Introduce(IActorRef actor, out bool isNew)
    {
        isNew = false;
        if (ReferenceEquals(actor, _lastActor))
            return _lastActorNumber;
        isNew = !_numbers.TryGetValue(actor, out var number);
        if (isNew)
        {
            number = IntroduceOnce(actor);
            _numbers.Add(actor, number);
        }
        (_lastActor, _lastActorNumber) = (actor, number);
        return number;
    }

    /// <summary>A number for a short-lived reference, such as an ask.</summary>
    public long IntroduceOnce(IActorRef actor)
    {
        _byNumber[++_last] = actor;
        return _last;
    }

    /// <summary>A message was delivered: an ask that has its answer needs no number any more.
    /// </summary>
    public void Delivered(long number, InternalActorRef actor)
    {
        // Of an ask at another peer it is not known, and one answer is all that it takes.
        if (actor.IsTerminated ? !IsLongLived(actor) : actor is RemoteActorRef { IsOnce: true })
            _byNumber.TryRemove(number, out _);
    }

    public bool IsSweepDue => _byNumber.Count >= _sweepAt;

    /// <summary>Forgets what has stopped, and more if that is not enough.</summary>
    /// <returns>The numbers that the peer should forget too.</returns>
    public List<long> Sweep()
    {
        var gone = new List<long>();
        foreach (var (number, actor) in _byNumber)
        {
            if (actor is InternalActorRef { IsTerminated: true })
                Remove(number, actor, gone);
        }
        if (_byNumber.Count >= limit)
        {
            foreach (var (number, actor) in _byNumber.OrderBy(e => e.Key).Take(limit / 4).ToList())
                Remove(number, actor, gone);
        }
        _sweepAt = Math.Clamp(_byNumber.Count * 2, Math.Min(MinSweep, limit), limit);
        return gone;
    }

    /// <summary>The references that wait for an answer over this link.</summary>
    public IEnumerable<IActorRef> Waiting() =>
        _byNumber.Values.Where(actor => !IsLongLived(actor));

    /// <summary>Whether a reference outlives one answer.</summary>
    public static bool IsLongLived(IActorRef actor) =>
        actor is LocalActorRef or RemoteActorRef { IsOnce: false };

    /// <summary>Whether the sender of a message is an ask, here or at a peer.</summary>
    public static bool AwaitsAnswer(IActorRef actor) =>
        !IsLongLived(actor) && actor is not DeadLetterRef && !actor.IsNobody();

    private void Remove(long number, IActorRef actor, List<long> gone)
    {
        _byNumber.TryRemove(number, out _);
        if (!_numbers.Remove(actor))
            return;
        gone.Add(number);
        if (ReferenceEquals(actor, _lastActor))
            _lastActor = null;
    }
}

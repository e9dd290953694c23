using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>Clients that wait for instances to settle, bounded in number and in time; part of
/// SchedulerActor's state.</summary>
internal sealed class InstanceWaiters(int limit)
{
    private readonly Dictionary<InstanceId, List<Waiter>> _byId = [];

    public int Count { get; private set; }

    public bool IsFull => Count >= limit;

    public static bool IsAnswered(Awaited awaited, InstanceInfo instance) => awaited switch
    {
        Awaited.Launched => instance.Phase.IsSettled(),
        Awaited.Changed => instance.Phase is LaunchPhase.Failed or LaunchPhase.Deleted
            || (instance.Move?.IsOpen() != true
                && (instance.Phase is not LaunchPhase.Active
                    || instance.Change?.IsOpen() != true)),
        _ => instance.Phase == LaunchPhase.Deleted,
    };

    public void Add(InstanceId id, Awaited awaited, IActorRef client, DateTimeOffset until)
    {
        if (!_byId.TryGetValue(id, out var waiters))
            _byId[id] = waiters = [];
        waiters.Add(new Waiter(client, awaited, until));
        Count++;
    }

    /// <summary>Answers those whose instance is as they awaited it.</summary>
    public void Settle(InstanceInfo instance)
    {
        if (!_byId.TryGetValue(instance.Id, out var waiters))
            return;
        var found = new InstanceFound(instance);
        Drop(instance.Id, waiters, w =>
        {
            if (!IsAnswered(w.Awaited, instance))
                return false;
            w.Client.Tell(found);
            return true;
        });
    }

    /// <summary>Tells those whose time is over.</summary>
    public void Expire(DateTimeOffset now)
    {
        foreach (var (id, waiters) in _byId.ToList())
        {
            Drop(id, waiters, w =>
            {
                if (w.Until > now)
                    return false;
                w.Client.Tell(new Refused(new RequestError(
                    RequestErrorCode.Timeout,
                    $"instance {id}: not {w.Awaited.ToString().ToLowerInvariant()} in the time "
                        + "that was given; it goes on, ask again")));
                return true;
            });
        }
    }

    private void Drop(InstanceId id, List<Waiter> waiters, Predicate<Waiter> answered)
    {
        Count -= waiters.RemoveAll(answered);
        if (waiters.Count == 0)
            _byId.Remove(id);
    }

    private sealed record Waiter(IActorRef Client, Awaited Awaited, DateTimeOffset Until);
}

using NovaCow.Actors.Protocols;
using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>What hosts say, and what clients ask about hosts; and what is counted.</summary>
public sealed partial class SchedulerActor
{
    private void HostCommands()
    {
        Command<HostHello>(OnHello);
        FromHost<HostReport>(m => m.Host, m =>
        {
            var report = new HostState(m.Host, m.Incarnation, m.Usage, m.Counters, m.Paces);
            if (!_core.Reported(report, Now))
                Sender.Tell(new HostProtocol.SayHello());
        });
        FromHost<BaseProgress>(m => m.Host, OnBaseProgress);
        FromHost<InstanceProgress>(m => m.Host, OnInstanceProgress);
        FromHost<Prepared>(m => m.Host, m => Carry(
            _core.Prepared(m.Host, m.Id, m.Fence, m.Disks, m.Preparation, Now)));
        FromHost<SchedulerProtocol.LaunchFailed>(m => m.Host, m => Carry(
            _core.AttemptFailed(m.Host, m.Id, m.Fence, m.Error, Now)));
        FromHost<Activated>(m => m.Host, m => Carry(
            _core.Activated(m.Host, m.Id, m.Fence, Now)));
        FromHost<Deleted>(m => m.Host, m => Carry(_core.Removed(m.Host, m.Id, m.Fence, Now)));
        Command<ListHosts>(_ => Answer(new HostList(_core.Hosts())));
        Command<GetHost>(m => Answer(_core.Host(m.Id) is { } host
            ? new HostFound(host)
            : NoSuchHost(m.Id)));
        Command<ListBases>(m => Answer(new BaseList(_core.Bases(m.Host))));
    }

    /// <summary>Takes a message only over the host's present connection: what comes late over an
    /// older one is not about the host as it is now.</summary>
    private void FromHost<T>(Func<T, HostId> host, Action<T> handler) => Command<T>(message =>
    {
        if (_hosts.TryGetValue(host(message), out var known) && known.Equals(Sender))
            handler(message);
        else if (!IsSuccessor(host(message), Sender))
            Sender.Tell(new HostProtocol.SayHello());
    });

    /// <summary>Whether it has said hello and waits for its namesake to go: to ask it again at
    /// each of its reports would make it say hello, and report, without end.</summary>
    private bool IsSuccessor(HostId id, IActorRef host) =>
        _successors.TryGetValue(id, out var waiting) && waiting.Equals(host);

    private void OnHello(HostHello hello)
    {
        var id = hello.Facts.Host;
        if (_hosts.TryGetValue(id, out var old) && !old.Equals(Sender))
        {
            // Another process of that name would seem to have lost what this one has.
            if (_core.State.Hosts.GetValueOrDefault(id) is { } known
                && known.Incarnation != hello.Facts.Incarnation)
            {
                if (IsSuccessor(id, Sender))
                    return;
                _successors[id] = Sender;
                Context.GetLogger().Warning(
                    "host {0}: {1} says hello while another process of that name is connected; it "
                        + "is heard when that one's link ends; if both run, rename one",
                    id,
                    Sender.Path);
                return;
            }

            _hostOf.Remove(old);
            Context.Unwatch(old);
        }

        _hosts[id] = Sender;
        _hostOf[Sender] = id;
        Context.Watch(Sender);
        Carry(_core.Hello(hello.Facts, Now));
    }

    private void OnBaseProgress(BaseProgress progress)
    {
        if (!_core.BaseChanged(progress.Host, progress.Base, Now))
        {
            Sender.Tell(new HostProtocol.SayHello());
            return;
        }

        _subscribers.Gather(new ClusterEvent.BaseChanged(progress.Host, progress.Base)
        {
            Sequence = null,
            At = Now,
        });
        _subscribers.Flush();
    }

    private void OnInstanceProgress(InstanceProgress m)
    {
        if (!_core.Progressed(m.Host, m.Id, m.Fence, m.Progress, Now))
            return;
        _subscribers.Gather(new ClusterEvent.InstanceProgressed(m.Id, m.Host, m.Progress)
        {
            Sequence = null,
            At = Now,
        });
        _subscribers.Flush();
    }

    private static void Count(SchedulerEvent happened)
    {
        LaunchPhase? phase = happened switch
        {
            Core.Scheduling.LaunchAccepted => LaunchPhase.Accepted,
            LaunchPlaced => LaunchPhase.Placed,
            LaunchCommitted => LaunchPhase.Committed,
            LaunchActivated => LaunchPhase.Active,
            Core.Scheduling.LaunchFailed => LaunchPhase.Failed,
            LaunchDeleted => LaunchPhase.Deleted,
            _ => null,
        };
        if (phase is { } reached)
        {
            DomainMetrics.Launches.Add(
                1, new KeyValuePair<string, object?>("phase", PhaseNames[(int)reached]));
        }
    }

    private static void CountSettled(InstanceInfo instance)
    {
        // One that has moved was counted when it was launched.
        if (instance is
            { Phase: LaunchPhase.Active, Move: null, Timings: { ActiveAt: { } at } timings })
        {
            DomainMetrics.LaunchSeconds.Record(
                (at - timings.AcceptedAt).TotalSeconds,
                DomainMetrics.Cache(timings.Preparation?.Warm ?? true));
        }
    }

    private static readonly string[] PhaseNames =
        [.. Enum.GetValues<LaunchPhase>().Select(p => p.ToString().ToLowerInvariant())];
}

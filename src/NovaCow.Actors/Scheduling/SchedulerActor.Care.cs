using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>What clients ask of one host's bases and store: passed on to it, and its answer passed
/// back. Nothing of it is journaled.</summary>
public sealed partial class SchedulerActor
{
    private static readonly TimeSpan HostAnswersWithin = TimeSpan.FromSeconds(30);

    private readonly HostRequests _requests = new();

    private void CareCommands()
    {
        Command<ScrubBases>(OnScrubBases);
        Command<EvictBase>(OnEvictBase);
        Command<GetSpace>(m => PassOn(m.Host, request => new HostProtocol.MeasureSpace(request)));
        FromHost<EvictionDone>(m => m.Host, m => PassBack(
            m.Host,
            m.Request,
            m.Error is null ? new BaseEvicted(m.FreedBytes) : new Refused(m.Error)));
        FromHost<SpaceMeasured>(m => m.Host, m => PassBack(
            m.Host,
            m.Request,
            m.Space is { } space
                ? new SpaceFound(space)
                : Refuse(RequestErrorCode.Busy, m.Error?.Message ?? $"host {m.Host}: no answer")));
    }

    private void OnScrubBases(ScrubBases scrub)
    {
        if (Unreachable(scrub.Host) is { } refused)
        {
            Answer(refused);
            return;
        }

        var bases = _core.Bases(scrub.Host)
            .Count(b => (scrub.Key is null || b.Base.Key == scrub.Key)
                && b.Base.State is BaseState.Ready or BaseState.Quarantined);
        if (bases == 0 && scrub.Key is not null)
        {
            Answer(Refuse(
                RequestErrorCode.BaseNotFound,
                $"base {scrub.Key}: not ready on host {scrub.Host}; look for it in the list of "
                    + "bases"));
            return;
        }

        ToHost(scrub.Host, new HostProtocol.Scrub(scrub.Key));
        Answer(new ScrubOrdered(bases));
    }

    private void PassOn(HostId host, Func<long, IHostMessage> message)
    {
        if (Unreachable(host) is { } refused)
        {
            Answer(refused);
        }
        else if (_requests.IsFull)
        {
            Answer(Refuse(
                RequestErrorCode.Busy,
                $"{HostRequests.MaxWaiting} requests wait for hosts already; try again later"));
        }
        else
        {
            ToHost(host, message(_requests.Add(Sender, host, Now + HostAnswersWithin)));
        }
    }

    private void PassBack(HostId host, long request, object answer) =>
        _requests.Take(request, host)?.Tell(answer);

    private void GiveUpOnHosts()
    {
        foreach (var (asking, host) in _requests.TakeLate(Now, _hosts.ContainsKey))
        {
            asking.Tell(Refuse(
                RequestErrorCode.Timeout,
                $"host {host}: no answer in time; it may still do what was asked"));
        }
    }

    private Refused? Unreachable(HostId host) =>
        _core.Host(host) is null
            ? NoSuchHost(host)
            : _hosts.ContainsKey(host)
                ? null
                : Refuse(
                    RequestErrorCode.Busy,
                    $"host {host}: not connected; try again when it is up");
}

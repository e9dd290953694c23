using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>The verification of the host's bases: one at a time, on order and every so often.
/// </summary>
public sealed partial class HostActor
{
    private readonly Queue<(BaseKey Key, IActorRef Base)> _toScrub = new();
    private BaseKey? _scrubbing;

    private void CareHandlers()
    {
        Receive<HostProtocol.Scrub>(scrub => OrderScrub(scrub.Key));
        Receive<ScrubTime>(_ => OrderScrub(null));
        Receive<AskToScrub>(ask =>
        {
            _toScrub.Enqueue((ask.Key, Sender));
            ScrubNext();
        });
        Receive<ScrubEnded>(ended => EndScrub(ended.Key));
    }

    private void StartCare()
    {
        MeasureDisks();
        Timers.StartPeriodicTimer(
            MeasureTime.Instance, MeasureTime.Instance, _host.Limits.MeasureEvery);
        if (_host.Limits.ScrubEvery is { } every)
            Timers.StartPeriodicTimer(ScrubTime.Instance, ScrubTime.Instance, every);
    }

    private void OrderScrub(BaseKey? key)
    {
        foreach (var entry in _bases.Values)
        {
            if (entry.Report is not null && (key is null || entry.Key == key))
                RefOf(entry).Tell(new Scrub());
        }
    }

    private void ScrubNext()
    {
        if (_scrubbing is not null || !_toScrub.TryDequeue(out var next))
            return;
        _scrubbing = next.Key;
        next.Base.Tell(new MayScrub());
    }

    private void EndScrub(BaseKey key)
    {
        if (_scrubbing == key)
        {
            _scrubbing = null;
            ScrubNext();
        }
    }

    private sealed class ScrubTime
    {
        public static ScrubTime Instance { get; } = new();
    }
}

using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>Gives bases their turn to be made, first come first served and so many at a time, and
/// promises them room; part of HostActor's state.</summary>
internal sealed class BuildTurns(HostSettings host)
{
    private readonly SpaceLedger _ledger = new(host.Limits.SpaceMarginBytes);
    private readonly Queue<(IActorRef Base, AskToBuild Ask)> _waiting = new();
    private readonly HashSet<BaseKey> _building = [];

    /// <summary>Bytes that are promised to bases being made.</summary>
    public long ReservedBytes => _ledger.ReservedBytes;

    public void Ask(IActorRef asking, AskToBuild ask)
    {
        _waiting.Enqueue((asking, ask));
        GiveTurns();
    }

    public void End(BaseKey key)
    {
        if (!_building.Remove(key))
            return;
        _ledger.Release(key.Value);
        GiveTurns();
    }

    private void GiveTurns()
    {
        while (_building.Count < host.Limits.MaxBuilds && _waiting.TryDequeue(out var next))
        {
            var (asking, ask) = next;
            if (Reserve(ask) is { } error)
            {
                asking.Tell(new MayNotBuild(error));
                continue;
            }

            _building.Add(ask.Key);
            asking.Tell(new MayBuild());
        }
    }

    private LaunchError? Reserve(AskToBuild ask)
    {
        try
        {
            return _ledger.Reserve(
                ask.Key.Value, ask.Title, ask.NeededBytes, host.Store.MeasureSpace());
        }
        catch (PortException failure)
        {
            return failure.Error;
        }
    }
}

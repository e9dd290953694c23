using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>Gives bases their turn to be made, first come first served and so many at a time, each
/// once it has its room; part of HostActor's state.</summary>
internal sealed class BuildTurns(HostLimits limits, RoomTurns room)
{
    private readonly Queue<(IActorRef Base, AskToBuild Ask)> _waiting = new();
    private readonly HashSet<BaseKey> _building = [];

    public void Ask(IActorRef asking, AskToBuild ask)
    {
        _waiting.Enqueue((asking, ask));
        GiveTurns();
    }

    public void End(BaseKey key)
    {
        if (!_building.Remove(key))
            return;
        room.Release(key.Value);
        GiveTurns();
    }

    private void GiveTurns()
    {
        while (_building.Count < limits.MaxBuilds && _waiting.TryDequeue(out var next))
        {
            _building.Add(next.Ask.Key);
            Reserve(next.Base, next.Ask);
        }
    }

    private void Reserve(IActorRef asking, AskToBuild ask) => room.Ask(new RoomTurns.Request(
        ask.Key.Value,
        ask.Title,
        ask.NeededBytes,
        error =>
        {
            if (!_building.Contains(ask.Key))
            {
                // Its actor has crashed since.
                room.Release(ask.Key.Value);
                return;
            }

            if (error is null)
            {
                asking.Tell(new MayBuild());
                return;
            }

            asking.Tell(new MayNotBuild(error));
            _building.Remove(ask.Key);
            GiveTurns();
        }));
}

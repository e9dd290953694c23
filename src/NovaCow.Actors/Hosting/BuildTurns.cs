using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// Gives bases their turn to be made, so many at a time and so many from one source, each once it
/// has its room: first those that launches wait for, then those that are made ahead, which leave
/// one turn free; each kind first come first served. Part of HostActor's state.
/// </summary>
internal sealed class BuildTurns(HostLimits limits, RoomTurns room)
{
    private readonly LinkedList<Asking> _launches = new();
    private readonly LinkedList<Asking> _ahead = new();
    private readonly Dictionary<BaseKey, AskToBuild> _building = [];

    public void Ask(IActorRef asking, AskToBuild ask)
    {
        (ask.IsAhead ? _ahead : _launches).AddLast(new Asking(asking, ask));
        GiveTurns();
    }

    /// <summary>A launch waits now for a base that was to be made ahead.</summary>
    public void Hurry(BaseKey key)
    {
        for (var node = _ahead.First; node is not null; node = node.Next)
        {
            if (node.Value.Ask.Key != key)
                continue;
            _ahead.Remove(node);
            _launches.AddLast(node.Value);
            GiveTurns();
            return;
        }

        if (_building.TryGetValue(key, out var ask))
            _building[key] = ask with { IsAhead = false };
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
        while (_building.Count < limits.MaxBuilds && Next() is { } next)
        {
            _building.Add(next.Ask.Key, next.Ask);
            Reserve(next.Base, next.Ask);
        }
    }

    private Asking? Next()
    {
        if (Take(_launches) is { } launch)
            return launch;
        var ahead = _building.Values.Count(b => b.IsAhead);
        return ahead < Math.Max(1, limits.MaxBuilds - 1) ? Take(_ahead) : null;
    }

    private Asking? Take(LinkedList<Asking> queue)
    {
        for (var node = queue.First; node is not null; node = node.Next)
        {
            if (IsBusy(node.Value.Ask.Source))
                continue;
            queue.Remove(node);
            return node.Value;
        }

        return null;
    }

    private bool IsBusy(string? source) => source is not null
        && _building.Values.Count(b => b.Source == source) >= limits.MaxFetchesPerSource;

    private void Reserve(IActorRef asking, AskToBuild ask) => room.Ask(new RoomTurns.Request(
        ask.Key.Value,
        ask.Title,
        ask.NeededBytes,
        error =>
        {
            if (!_building.ContainsKey(ask.Key))
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

    private sealed record Asking(IActorRef Base, AskToBuild Ask);
}

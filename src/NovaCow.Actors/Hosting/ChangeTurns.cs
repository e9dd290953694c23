using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Hosting;

/// <summary>Gives instances their turn to change their disks, first come first served and so many
/// at a time, each once it has its room; part of HostActor's state.</summary>
internal sealed class ChangeTurns(HostLimits limits, RoomTurns room)
{
    private readonly LinkedList<Turn> _waiting = new();
    private readonly Dictionary<InstanceId, Turn> _changing = [];

    public void Ask(IActorRef asking, InstanceId id, long neededBytes)
    {
        _waiting.AddLast(new Turn(asking, id, neededBytes));
        GiveTurns();
    }

    /// <summary>The turn is over, or not wanted any more; one that was never asked for is no
    /// error.</summary>
    public void End(InstanceId id)
    {
        if (_waiting.FirstOrDefault(t => t.Id == id) is { } waiting)
            _waiting.Remove(waiting);
        if (!_changing.Remove(id))
            return;
        room.Release(Holder(id));
        GiveTurns();
    }

    private void GiveTurns()
    {
        while (_changing.Count < limits.MaxChanges && _waiting.First is { Value: var turn })
        {
            _waiting.RemoveFirst();
            _changing[turn.Id] = turn;
            if (turn.NeededBytes > 0)
                Reserve(turn);
            else
                turn.Asking.Tell(new InstanceProtocol.MayChange());
        }
    }

    private void Reserve(Turn turn) => room.Ask(new RoomTurns.Request(
        Holder(turn.Id),
        $"instance {turn.Id}",
        turn.NeededBytes,
        error =>
        {
            if (!_changing.TryGetValue(turn.Id, out var now) || now != turn)
            {
                // It is not wanted any more.
                room.Release(Holder(turn.Id));
                return;
            }

            if (error is null)
            {
                turn.Asking.Tell(new InstanceProtocol.MayChange());
                return;
            }

            turn.Asking.Tell(new InstanceProtocol.MayNotChange(error));
            _changing.Remove(turn.Id);
            GiveTurns();
        }));

    private static string Holder(InstanceId id) => $"change of {id}";

    private sealed class Turn(IActorRef asking, InstanceId id, long neededBytes)
    {
        public IActorRef Asking => asking;

        public InstanceId Id => id;

        public long NeededBytes => neededBytes;
    }
}

using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Benchmarks.Scale;

/// <summary>Writes a scheduler's past as the scheduler writes it: a snapshot of the state after
/// many events, and then the events of a tail.</summary>
internal sealed class FillActor : ReceivePersistentActor
{
    private const int Batch = 1_000;

    private readonly Fence _fence;
    private IActorRef _asking = ActorRefs.Nobody;

    public FillActor(Fence fence)
    {
        _fence = fence;
        Command<Fill>(fill =>
        {
            _asking = Sender;
            PersistAll(fill.Founding, _ => { });
            Defer(fill, f => SaveSnapshotInParts(f.State.ToSnapshot().Parts()));
        });
        Command<SaveSnapshotSuccess>(_ => _asking.Tell("saved"));
        Command<SaveSnapshotFailure>(failed => _asking.Tell(failed.Cause.Message));
        Command<Tail>(tail =>
        {
            _asking = Sender;
            foreach (var batch in tail.Events.Chunk(Batch))
                PersistAllAsync(batch, _ => { });
            Defer("written", _asking.Tell);
        });
    }

    public override string PersistenceId => "scheduler";

    protected override Fence? Fence => _fence;

    public sealed record Fill(IReadOnlyList<SchedulerEvent> Founding, SchedulerState State);

    public sealed record Tail(IReadOnlyList<SchedulerEvent> Events);
}

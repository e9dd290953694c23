using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Persistence;

public sealed class SnapshotPartsTests : PersistenceSpec
{
    private const string PartsStream = "s/snapshot";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void The_parts_come_back_in_order_before_the_events_after_them()
    {
        var actor = MakeRecovered();
        actor.Tell(new Say("lost to the snapshot"));
        ExpectMsg("lost to the snapshot");
        Tell(actor, a => a.SnapshotInParts(Parts("a", "b", "c")));
        Assert.Equal(
            new SnapshotMetadata("s", 1), Listener.ExpectMsg<SaveSnapshotSuccess>().Metadata);
        actor.Tell(new Say("d"));
        ExpectMsg("d");
        StopAndWait(actor);

        MakeRecovered().Tell(new Get());
        ExpectMsg("a b c d");
    }

    [Fact]
    public async Task The_newer_snapshot_takes_the_place_of_the_older_ones_parts()
    {
        var actor = MakeRecovered();
        foreach (var word in new[] { "a", "b" })
        {
            Tell(actor, a => a.SnapshotInParts(Parts(word, word, word)));
            Listener.ExpectMsg<SaveSnapshotSuccess>();
        }

        Assert.Equal([4L, 5L, 6L], await PartsAsync());
    }

    [Fact]
    public async Task A_save_that_breaks_off_leaves_the_older_snapshot_and_the_next_one_tidies_up()
    {
        var actor = MakeRecovered();
        Tell(actor, a => a.SnapshotInParts(Parts("a", "b")));
        Listener.ExpectMsg<SaveSnapshotSuccess>();
        Tell(actor, a => a.SnapshotInParts([new Words(["c"]), new Unregistered("x")]));
        Listener.ExpectMsg<SaveSnapshotFailure>();
        StopAndWait(actor);

        var next = MakeRecovered();
        next.Tell(new Get());
        ExpectMsg("a b");
        Assert.Equal([1L, 2L, 3L], await PartsAsync());
        Tell(next, a => a.SnapshotInParts(Parts("d")));
        Listener.ExpectMsg<SaveSnapshotSuccess>();
        Assert.Equal([4L], await PartsAsync());
    }

    [Fact]
    public async Task A_save_that_comes_after_a_newer_one_leaves_the_newer_ones_parts()
    {
        var actor = MakeRecovered();
        Tell(actor, a => a.SnapshotInParts(Parts("a")));
        Listener.ExpectMsg<SaveSnapshotSuccess>();
        Store.KeepsSnapshot = true;
        Tell(actor, a => a.SnapshotInParts(Parts("late")));
        Listener.ExpectMsg<SaveSnapshotSuccess>();
        StopAndWait(actor);

        MakeRecovered().Tell(new Get());
        ExpectMsg("a");
        Assert.Equal([1L, 2L], await PartsAsync());
    }

    [Fact]
    public async Task A_snapshot_whose_parts_are_missing_is_no_state_to_start_from()
    {
        var actor = MakeRecovered();
        Tell(actor, a => a.SnapshotInParts(Parts("a", "b", "c")));
        Listener.ExpectMsg<SaveSnapshotSuccess>();
        StopAndWait(actor);
        await Store.DeleteEventsAsync(PartsStream, 1, null, Cancelled);

        Make();
        Listener.ExpectMsg("not recovered  StoreException");
    }

    [Fact]
    public void A_recovery_waits_for_the_save_of_the_life_before()
    {
        var actor = MakeRecovered();
        using (Store.Hold())
        {
            Tell(actor, a => a.SnapshotInParts(Parts("a")));
            Tell(actor, a => a.Tell("saving"));
            Listener.ExpectMsg("saving");
            StopAndWait(actor);
            Make();
            Listener.ExpectNoMsg(50);
        }

        Listener.FishForMessage<string>(
            m => m.StartsWith("recovered", StringComparison.Ordinal));
    }

    private static IEnumerable<object> Parts(params string[] words) =>
        words.Select(w => new Words([w]));

    private async Task<List<long>> PartsAsync()
    {
        List<long> parts = [];
        await foreach (var part in Store.ReadAsync(PartsStream, 1, Cancelled))
            parts.Add(part.SequenceNr);
        return parts;
    }
}

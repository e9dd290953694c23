using System.Text;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Persistence;

public sealed class RecoveryTests : PersistenceSpec
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_snapshot_comes_first_then_the_events_after_it_then_the_commands()
    {
        await FillAsync(1_500);
        await Store.SaveSnapshotAsync(
            new("s", 1_497, new("words", """{"all":["state"]}"""u8.ToArray())), null, Cancelled);

        var actor = Make();
        actor.Tell(new Get());

        Listener.ExpectMsg("recovered 1500 False");
        ExpectMsg("state 1498 1499 1500");
    }

    [Fact]
    public async Task Commands_wait_for_the_end_of_recovery()
    {
        await FillAsync(1);
        using (Store.Hold())
        {
            Make().Tell(new Get());
            ExpectNoMsg(50);
        }

        ExpectMsg("1");
    }

    [Fact]
    public async Task Events_of_many_pages_are_applied_in_order()
    {
        await FillAsync(3_210);
        var actor = MakeRecovered();

        Tell(actor, a => a.Tell(a.Words));

        Assert.Equal(
            Enumerable.Range(1, 3_210).Select(i => $"{i}"), Listener.ExpectMsg<List<string>>());
    }

    [Fact]
    public void Saving_a_snapshot_is_answered_and_shortens_the_next_recovery()
    {
        var actor = MakeRecovered();
        actor.Tell(new Say("a"));
        ExpectMsg("a");
        Tell(actor, a => a.Snapshot());
        Assert.Equal(
            new SnapshotMetadata("s", 1), Listener.ExpectMsg<SaveSnapshotSuccess>().Metadata);
        Tell(actor, a => a.Delete(long.MaxValue));
        Listener.ExpectMsg(new DeleteMessagesSuccess(1));
        StopAndWait(actor);

        var next = MakeRecovered();
        next.Tell(new Say("b"));
        ExpectMsg("b");
        next.Tell(new Get());
        ExpectMsg("a b");
    }

    [Fact]
    public void A_snapshot_that_fails_is_told_and_the_actor_goes_on()
    {
        Store.SnapshotFault = new StoreException("no");
        var actor = MakeRecovered();

        Tell(actor, a => a.Snapshot());
        Assert.Equal("no", Listener.ExpectMsg<SaveSnapshotFailure>().Cause.Message);
        Tell(actor, a => a.SnapshotOf(new Unregistered("x")));
        Assert.IsType<Runtime.Serialization.UnregisteredMessageException>(
            Listener.ExpectMsg<SaveSnapshotFailure>().Cause);

        actor.Tell(new Say("a"));
        ExpectMsg("a");
    }

    [Fact]
    public void A_deletion_that_fails_or_goes_beyond_the_last_event_is_told()
    {
        var actor = MakeRecovered();
        Tell(actor, a => a.Delete(5));
        Assert.IsType<ArgumentOutOfRangeException>(
            Listener.ExpectMsg<DeleteMessagesFailure>().Cause);

        Store.DeleteFault = new StoreException("no");
        Tell(actor, a => a.Delete(0));
        Assert.Equal("no", Listener.ExpectMsg<DeleteMessagesFailure>().Cause.Message);
    }

    [Fact]
    public async Task The_sequence_goes_on_where_it_was_though_all_events_are_deleted()
    {
        await FillAsync(5);
        await Store.DeleteEventsAsync("s", 5, null, Cancelled);

        var actor = Make();
        Listener.ExpectMsg("recovered 5 False");
        Tell(actor, a => a.Save("a", _ => a.Tell(a.LastSequenceNr)));

        Listener.ExpectMsg(6L);
    }

    [Fact]
    public void What_is_persisted_on_RecoveryCompleted_is_handled_before_the_first_command()
    {
        var listener = Listener.Ref;
        var actor = ActorOf(Props.Create(() => new Eager(listener)));
        actor.Tell("command");

        Assert.Equal(["persisted", "command"], Listener.ReceiveN(2));
    }

    [Fact]
    public void Persisting_during_recovery_is_refused()
    {
        var listener = Listener.Ref;
        var actor = ActorOf(Props.Create(() => new TooEager(listener)));

        Listener.ExpectMsg<InvalidOperationException>();
        Watch(actor);
        ExpectTerminated(actor);
    }

    [Fact]
    public void A_store_that_cannot_be_read_stops_the_actor()
    {
        Store.ReadFault = new StoreException("no");
        var actor = Make();
        Watch(actor);

        Listener.ExpectMsg("not recovered  StoreException");
        ExpectTerminated(actor);
    }

    [Fact]
    public async Task An_event_of_an_unknown_kind_stops_the_actor()
    {
        await Store.AppendAsync(
            new("s", 1, [new("unheard-of", Array.Empty<byte>())], null), Cancelled);
        var actor = Make();
        Watch(actor);

        Listener.ExpectMsg("not recovered  UnknownManifestException");
        ExpectTerminated(actor);
    }

    [Fact]
    public async Task An_event_that_cannot_be_applied_stops_the_actor_and_is_named()
    {
        await FillAsync(3);
        var listener = Listener.Ref;
        var actor = ActorOf(Props.Create(() => new Journaled("s", listener, null)
        {
            OnApply = said =>
            {
                if (said.Word == "2")
                    throw new FormatException("bad");
            },
        }));
        Watch(actor);

        Listener.ExpectMsg("not recovered Said { Word = 2 } FormatException");
        ExpectTerminated(actor);
    }

    [Fact]
    public async Task A_recovering_actor_can_be_stopped_though_the_store_hangs()
    {
        await FillAsync(1);
        using var gate = Store.Hold();
        var actor = Make();
        Watch(actor);

        Sys.Stop(actor);

        ExpectTerminated(actor);
    }

    [Fact]
    public void Recoveries_at_once_are_limited_and_all_get_their_turn()
    {
        const int actors = 300;
        using (Store.Hold())
        {
            for (var i = 0; i < actors; i++)
                Make($"s{i}");
            AwaitCondition(() => Store.MostReadersAtOnce == PersistenceExtension.RecoveryLimit);
        }

        Listener.ReceiveN(actors);
        Assert.Equal(PersistenceExtension.RecoveryLimit, Store.MostReadersAtOnce);
    }

    [Fact]
    public async Task Without_a_store_the_actor_is_not_made_and_the_error_says_what_to_do()
    {
        await using var bare = ActorSystem.Create("bare");
        var failure = Assert.Throws<InvalidOperationException>(
            () => PersistenceExtension.For(bare));
        Assert.Contains("PersistenceExtension.Register", failure.Message);
        Assert.Throws<InvalidOperationException>(
            () => PersistenceExtension.Register(Sys, new TestStore(), Journaled.Serializer()));
    }

    [Fact]
    public async Task Systems_one_after_another_continue_the_same_stream()
    {
        for (var life = 1; life <= 3; life++)
        {
            await using var kit = new Life(Store);
            var expected = string.Join(' ', Enumerable.Range(1, life).Select(i => $"{i}"));
            kit.Run(expected, life);
        }
    }

    private Task FillAsync(int events) => Store.AppendAsync(
        new(
            "s",
            1,
            [.. Enumerable.Range(1, events)
                .Select(i => $$"""{"word":"{{i}}"}""")
                .Select(json => new StoredPayload("said", Encoding.UTF8.GetBytes(json)))],
            null),
        Cancelled);

    private sealed class Life : TestKitBase
    {
        public Life(TestStore store) =>
            PersistenceExtension.Register(Sys, store, Journaled.Serializer());

        public void Run(string expected, int life)
        {
            var listener = CreateTestProbe().Ref;
            var actor = ActorOf(Props.Create(() => new Journaled("s", listener, null)));
            actor.Tell(new Say($"{life}"));
            ExpectMsg($"{life}");
            actor.Tell(new Get());
            ExpectMsg(expected);
        }
    }

    private sealed class Eager : ReceivePersistentActor
    {
        public Eager(IActorRef listener)
        {
            Recover<RecoveryCompleted>(_ =>
                Persist(new Said("a"), _ => listener.Tell("persisted", Self)));
            CommandAny(message => listener.Tell(message, Self));
        }

        public override string PersistenceId => "eager";
    }

    private sealed class TooEager(IActorRef listener) : ReceivePersistentActor
    {
        public override string PersistenceId => "too-eager";

        protected override void PreStart()
        {
            try
            {
                Persist(new Said("a"), _ => { });
            }
            catch (InvalidOperationException refused)
            {
                listener.Tell(refused, Self);
                throw;
            }
        }
    }
}

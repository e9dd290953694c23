using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Runtime.Tests.Persistence;

public sealed class PersistTests : PersistenceSpec
{
    [Fact]
    public void A_handler_runs_after_the_write_and_answers_the_sender_of_the_command()
    {
        var actor = MakeRecovered();

        actor.Tell(new Say("a"));

        ExpectMsg("a");
        Assert.Equal("said", Assert.Single(Assert.Single(Store.Appends).Events).Manifest);
    }

    [Fact]
    public void Commands_wait_until_the_handler_of_the_one_before_has_run()
    {
        var actor = MakeRecovered();
        using (Store.Hold())
        {
            actor.Tell(new Say("a"));
            actor.Tell(new Get());
            actor.Tell(new Say("b"));
            actor.Tell(new Get());
            AwaitCondition(() => Store.CountAppends() == 1);
            ExpectNoMsg(50);
        }

        Assert.Equal(["a", "a", "b", "a b"], ReceiveN(4));
    }

    [Fact]
    public void Every_handler_has_the_sender_of_its_own_command()
    {
        var actor = MakeRecovered();
        var (one, two) = (CreateTestProbe(), CreateTestProbe());
        using (Store.Hold())
        {
            one.Send(actor, new SayAsync("a"));
            two.Send(actor, new SayAsync("b"));
            one.Send(actor, new SayAsync("c"));
        }

        Assert.Equal(["a", "c"], one.ReceiveN(2));
        two.ExpectMsg("b");
    }

    [Fact]
    public void PersistAsync_lets_commands_go_on_and_what_gathers_is_one_append()
    {
        var actor = MakeRecovered();
        using (Store.Hold())
        {
            for (var i = 1; i <= 10; i++)
                actor.Tell(new SayAsync($"{i}"));
            actor.Tell(new Get());
            ExpectMsg("");
        }

        Assert.Equal(Enumerable.Range(1, 10).Select(i => (object)$"{i}"), ReceiveN(10));
        Assert.Equal([1, 9], Store.Appends.Select(a => a.Events.Count));
    }

    [Fact]
    public void PersistAll_is_one_append_and_its_handler_runs_for_each_event()
    {
        var actor = MakeRecovered();

        Tell(actor, a => a.SaveAll(
            ["a", "b", "c"], said => a.Tell($"{said.Word} {a.LastSequenceNr}")));

        Assert.Equal(["a 1", "b 2", "c 3"], Listener.ReceiveN(3));
        Assert.Equal(3, Assert.Single(Store.Appends).Events.Count);
    }

    [Fact]
    public void PersistAll_is_never_cut_however_large_and_nothing_needs_nothing()
    {
        var actor = MakeRecovered();
        var words = Enumerable.Range(0, 2_500).Select(i => $"{i}").ToList();

        Tell(actor, a => a.SaveAll([], _ => a.Tell("never")));
        Tell(actor, a =>
        {
            a.SaveInBackground("first", a.Apply);
            a.SaveAllInBackground(words, a.Apply);
            a.SaveInBackground("last", _ => a.Tell(a.Words.Count));
        });

        Listener.ExpectMsg(2_501);
        Assert.Contains(2_500, Store.Appends.Select(a => a.Events.Count));
    }

    [Fact]
    public void Handlers_run_in_the_order_of_the_calls_whatever_their_kind()
    {
        var actor = MakeRecovered();

        Tell(actor, a =>
        {
            a.SaveInBackground("1", said => a.Tell(said.Word));
            a.Save("2", said => a.Tell(said.Word));
            a.Later("3", a.Tell);
            a.SaveAll(["4", "5"], said => a.Tell(said.Word));
            a.LaterAndHold("6", a.Tell);
            a.SaveInBackground("7", said => a.Tell(said.Word));
        });

        Assert.Equal(["1", "2", "3", "4", "5", "6", "7"], Listener.ReceiveN(7));
    }

    [Fact]
    public void What_is_persisted_in_a_handler_comes_after_what_the_command_persisted()
    {
        var actor = MakeRecovered();

        Tell(actor, a =>
        {
            foreach (var word in (string[])["a", "b"])
            {
                a.Save(word, outer =>
                {
                    a.Tell(outer.Word);
                    a.Save($"{outer.Word}-in", inner => a.Tell(inner.Word));
                });
            }
        });
        Tell(actor, a => a.Tell("next command"));

        Assert.Equal(["a", "b", "a-in", "b-in", "next command"], Listener.ReceiveN(5));
    }

    [Fact]
    public void A_deferred_handler_runs_at_once_when_nothing_is_being_written()
    {
        var actor = MakeRecovered();

        Tell(actor, a =>
        {
            a.Later("deferred", a.Tell);
            a.Tell("rest of the command");
        });

        Assert.Equal(["deferred", "rest of the command"], Listener.ReceiveN(2));
        Assert.Empty(Store.Appends);
    }

    [Fact]
    public void Defer_holds_commands_and_DeferAsync_does_not()
    {
        var actor = MakeRecovered();
        using (Store.Hold())
        {
            Tell(actor, a => a.SaveInBackground("1", _ => a.Tell("written")));
            Tell(actor, a => a.Later("2", a.Tell));
            Tell(actor, a => a.Tell("between"));
            Tell(actor, a => a.LaterAndHold("3", a.Tell));
            Tell(actor, a => a.Tell("after"));
            Listener.ExpectMsg("between");
            Listener.ExpectNoMsg(50);
        }

        Assert.Equal(["written", "2", "3", "after"], Listener.ReceiveN(4));
    }

    [Fact]
    public void An_asynchronous_command_persists_before_and_after_its_awaits()
    {
        var actor = MakeRecovered();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        actor.Tell(new DoAsync(async a =>
        {
            a.Save("a", said => a.Tell(said.Word));
            await gate.Task;
            a.Tell("awaited");
            a.Save("b", said => a.CurrentSender.Tell(said.Word));
        }));
        actor.Tell(new Get());
        AwaitCondition(() => Store.CountAppends() == 1);
        Listener.ExpectNoMsg(50);
        gate.SetResult();

        Assert.Equal(["awaited", "a"], Listener.ReceiveN(2));
        ExpectMsg("b");
        ExpectMsg("");
    }

    [Fact]
    public void Become_replaces_the_commands_and_not_the_recovery()
    {
        var actor = MakeRecovered();
        Tell(actor, a => a.Save("a", said =>
        {
            a.Apply(said);
            a.BecomeDeaf();
        }));
        actor.Tell("hello");
        Listener.ExpectMsg("deaf to hello");

        StopAndWait(actor);
        MakeRecovered().Tell(new Get());
        ExpectMsg("a");
    }

    [Fact]
    public void A_poison_pill_waits_for_the_handlers_of_the_commands_before_it()
    {
        var actor = MakeRecovered();
        Watch(actor);
        for (var i = 0; i < 3; i++)
            actor.Tell(new Say($"{i}"));
        actor.Tell(PoisonPill.Instance);

        Assert.Equal(["0", "1", "2"], ReceiveN(3));
        ExpectTerminated(actor);
    }

    [Fact]
    public void Context_Stop_ends_the_actor_between_two_handlers()
    {
        var actor = MakeRecovered();
        Watch(actor);

        Tell(actor, a => a.SaveAll(["a", "b"], said =>
        {
            a.Tell(said.Word);
            a.StopNow();
        }));

        ExpectTerminated(actor);
        Listener.ExpectMsg("a");
        Listener.ExpectNoMsg(50);
    }

    [Fact]
    public void Very_many_events_in_flight_hold_the_commands_back_and_none_is_lost()
    {
        const int count = 25_000;
        var actor = MakeRecovered();
        using (Store.Hold())
        {
            for (var i = 0; i < count; i++)
                actor.Tell(new SayAsync($"{i}"));
        }

        Assert.Equal(
            Enumerable.Range(0, count).Select(i => $"{i}"), ReceiveN(count).Cast<string>());
        Assert.Equal(count, Store.Appends.Sum(a => a.Events.Count));
    }

    [Fact]
    public void The_fence_of_the_moment_is_on_every_write()
    {
        var fence = new Fence("lead", 1);
        var actor = MakeRecovered(fence: () => fence);
        actor.Tell(new Say("a"));
        ExpectMsg("a");

        Assert.Equal(fence, Store.Appends[0].Fence);
    }
}

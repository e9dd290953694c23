using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Persistence;

public sealed class PersistFailureTests : PersistenceSpec
{
    private static readonly SupervisorStrategy Resume =
        new OneForOneStrategy(_ => Directive.Resume);

    [Fact]
    public void A_failed_write_stops_the_actor_and_no_handler_or_command_runs_after_it()
    {
        Store.AppendFault = append =>
            append.FirstSequenceNr == 2 ? new StoreException("no") : null;
        var actor = MakeRecovered();
        Watch(actor);
        using (Store.Hold())
        {
            foreach (var word in (string[])["a", "b", "c"])
                actor.Tell(new SayAsync(word));
            Tell(actor, a => a.Later("deferred", a.Tell));
        }

        actor.Tell(new Get());

        ExpectMsg("a");
        Listener.ExpectMsg("failed b 2 StoreException");
        FishForTermination(actor);
        Listener.ExpectNoMsg(50);
    }

    [Fact]
    public void Commands_behind_a_failed_persist_become_dead_letters()
    {
        Store.AppendFault = _ => new StoreException("no");
        var actor = MakeRecovered();
        using var gate = Store.Hold();
        actor.Tell(new Say("a"));
        actor.Tell(new Get());

        EventFilter.DeadLetter<Get>().ExpectOne(gate.Dispose);
        Listener.ExpectMsg("failed a 1 StoreException");
    }

    [Fact]
    public void A_writer_whose_epoch_has_passed_stops()
    {
        var actor = MakeRecovered(fence: () => new Fence("lead", 1));
        Watch(actor);
        actor.Tell(new Say("a"));
        ExpectMsg("a");

        Store.Epoch = 2;
        actor.Tell(new Say("b"));

        Listener.ExpectMsg("failed b 2 StoreFencedException");
        ExpectTerminated(actor);
    }

    [Fact]
    public void A_second_writer_of_the_same_stream_stops()
    {
        var (one, two) = (MakeRecovered(), MakeRecovered());
        one.Tell(new Say("a"));
        ExpectMsg("a");
        Watch(two);

        two.Tell(new Say("b"));

        Listener.ExpectMsg("failed b 1 StoreConflictException");
        ExpectTerminated(two);
    }

    [Fact]
    public void An_event_that_cannot_be_serialized_is_rejected_and_the_actor_goes_on()
    {
        var actor = MakeRecovered();

        Tell(actor, a =>
        {
            a.Save("a", said => a.Tell(said.Word));
            a.SaveUnregistered("x");
            a.Save("b", said => a.Tell(said.Word));
        });
        Tell(actor, a => a.SaveUnregistered("y"));
        actor.Tell(new Say("c"));

        Assert.Equal(["a", "rejected x 2", "b", "rejected y 3"], Listener.ReceiveN(4));
        ExpectMsg("c");
    }

    [Fact]
    public void A_handler_that_throws_restarts_the_actor_which_recovers_the_event()
    {
        var actor = MakeRecovered();
        using (Store.Hold())
        {
            Tell(actor, a => a.Save("a", _ => throw new InvalidOperationException("bad")));
            actor.Tell(new Get());
        }

        Listener.ExpectMsg("recovered 1 False");
        ExpectMsg("a");
    }

    [Fact]
    public void What_a_command_persisted_before_it_threw_is_persisted()
    {
        var actor = MakeRecovered();

        Tell(actor, a =>
        {
            a.Save("a", a.Apply);
            throw new InvalidOperationException("bad");
        });
        actor.Tell(new Get());

        Listener.ExpectMsg("recovered 1 False");
        ExpectMsg("a");
    }

    [Fact]
    public void A_restart_waits_for_the_write_that_the_instance_before_had_begun()
    {
        var actor = MakeRecovered();
        using (Store.Hold())
        {
            actor.Tell(new SayAsync("a"));
            AwaitCondition(() => Store.CountAppends() == 1);
            Tell(actor, _ => throw new InvalidOperationException("bad"));
            actor.Tell(new Say("b"));
            Listener.ExpectNoMsg(50);
        }

        Listener.ExpectMsg("recovered 1 False");
        ExpectMsg("b");
        actor.Tell(new Get());
        ExpectMsg("a b");
    }

    [Fact]
    public void An_actor_that_is_resumed_runs_the_handlers_that_are_left()
    {
        var actor = MakeRecovered(strategy: Resume);

        Tell(actor, a => a.SaveAll(["a", "b", "c"], said =>
        {
            if (said.Word == "a")
                throw new InvalidOperationException("bad");
            a.Apply(said);
        }));
        actor.Tell(new Get());

        ExpectMsg("b c");
    }

    [Fact]
    public void A_write_that_ends_while_the_actor_is_failed_is_handled_after_it_is_resumed()
    {
        var gate = Store.Hold();
        gate.Dispose();
        using var handled = new ManualResetEventSlim();
        var isResumed = false;
        var actor = MakeRecovered(strategy: new OneForOneStrategy(_ =>
        {
            gate.Dispose();
            handled.Wait(TimeSpan.FromMilliseconds(50));
            Volatile.Write(ref isResumed, true);
            return Directive.Resume;
        }));
        gate = Store.Hold();

        Tell(actor, a => a.SaveInBackground("a", _ =>
        {
            a.Tell(Volatile.Read(ref isResumed) ? "after the verdict" : "before it");
            handled.Set();
        }));
        Tell(actor, _ => throw new InvalidOperationException("bad"));
        actor.Tell(new Say("b"));

        Listener.ExpectMsg("after the verdict");
        ExpectMsg("b");
    }

    [Fact]
    public void Stopping_does_not_wait_for_the_store()
    {
        var actor = MakeRecovered();
        Watch(actor);
        using var gate = Store.Hold();
        actor.Tell(new Say("a"));
        AwaitCondition(() => Store.CountAppends() == 1);

        Sys.Stop(actor);

        ExpectTerminated(actor);
    }

    private void FishForTermination(IActorRef actor) =>
        FishForMessage<Terminated>(terminated => terminated.ActorRef.Equals(actor));
}

using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Actors;

public sealed class DeathWatchTests() : TestKitBase(new VirtualTimeProvider())
{
    [Fact]
    public void Terminated_comes_after_the_last_message_of_the_deceased()
    {
        for (var round = 0; round < 200; round++)
        {
            var talker = Watch(ActorOf(Counter.Props()));
            for (var i = 0; i < 5; i++)
                talker.Tell(i);
            talker.Tell(PoisonPill.Instance);
            Assert.Equal(Enumerable.Range(0, 5).Cast<object>(), ReceiveN(5));
            ExpectTerminated(talker);
        }
    }

    [Fact]
    public void Terminated_comes_once_to_each_watcher()
    {
        var actor = ActorOf(Counter.Props());
        var probe = CreateTestProbe();
        Watch(actor);
        Watch(actor);
        probe.Watch(actor);
        Sys.Stop(actor);
        Assert.True(ExpectTerminated(actor).ExistenceConfirmed);
        probe.ExpectTerminated(actor);
        ExpectNoMsg();
        probe.ExpectNoMsg();
    }

    [Fact]
    public void Watching_the_dead_tells_at_once()
    {
        var actor = Watch(ActorOf(Counter.Props()));
        Sys.Stop(actor);
        ExpectTerminated(actor);
        Watch(actor);
        ExpectTerminated(actor);
    }

    [Fact]
    public void Watching_a_path_to_nobody_says_that_it_never_was()
    {
        var nobody = Watch(Sys.ResolveActorRef("akka://test/user/nobody"));
        Assert.False(ExpectTerminated(nobody).ExistenceConfirmed);
    }

    [Fact]
    public async Task An_unwatched_death_is_not_told_even_when_it_is_queued()
    {
        var actor = ActorOf(Counter.Props());
        var watcher = ActorOf(Props.Create(() => new BusyWatcher(actor, TestActor)));
        var gate = new TaskCompletionSource();
        watcher.Tell(gate.Task);
        watcher.Tell("unwatch");
        Assert.True(await actor.GracefulStop(TimeSpan.FromMinutes(1)));
        gate.SetResult();
        ExpectMsg("unwatched");
        ExpectNoMsg();
    }

    [Fact]
    public void WatchWith_tells_the_message_of_choice()
    {
        var actor = ActorOf(Counter.Props());
        var watcher = ActorOf(Props.Create(() => new CustomWatcher(actor, "gone", TestActor)));
        watcher.Tell("ready?");
        ExpectMsg("ready?");
        Sys.Stop(actor);
        ExpectMsg("gone");
    }

    [Fact]
    public void Watching_again_with_another_message_fails()
    {
        var actor = ActorOf(Counter.Props());
        var watcher = ActorOf(Props.Create(() => new CustomWatcher(actor, "gone", TestActor)));
        EventFilter.Exception<InvalidOperationException>(contains: "Unwatch first")
            .ExpectOne(() => watcher.Tell(actor));
    }

    [Fact]
    public void An_unhandled_Terminated_is_a_death_pact()
    {
        var actor = ActorOf(Counter.Props());
        var pact = Watch(ActorOf(Props.Create(() => new Pact(actor))));
        pact.Tell("ready?");
        ExpectMsg("ready?");
        Sys.Stop(actor);
        ExpectTerminated(pact);
    }

    [Fact]
    public void Stopping_waits_for_the_children_first()
    {
        var parent = ActorOf(Parent.Props(_ => Directive.Stop));
        var child = parent.MakeChild(Recorder.Props(TestActor));
        ExpectMsg("PreStart 1");
        Watch(parent);
        Sys.Stop(parent);
        ExpectMsg("PostStop 1");
        ExpectTerminated(parent);
        Assert.True(((InternalActorRef)child).IsTerminated);
    }

    [Fact]
    public void A_name_is_free_again_once_its_owner_is_known_to_be_gone()
    {
        var parent = ActorOf(Props.Create(() => new Renamer(TestActor)));
        for (var i = 0; i < 50; i++)
        {
            parent.Tell("again");
            ExpectMsg("same name, new life");
        }
    }

    [Fact]
    public void Whoever_hears_of_a_death_may_use_the_name_at_once()
    {
        for (var round = 0; round < 500; round++)
        {
            var actor = Watch(ActorOf(Counter.Props(), "phoenix"));
            actor.Tell(PoisonPill.Instance);
            ExpectTerminated(actor);
        }
    }

    [Fact]
    public void Names_are_unique_and_well_formed()
    {
        ActorOf(Counter.Props(), "taken");
        Assert.Throws<ActorNameNotUniqueException>(() => ActorOf(Counter.Props(), "taken"));
        foreach (var name in (string[])["", "a/b", "$a", "a b", "ü", "a#1"])
            Assert.Throws<InvalidActorNameException>(() => ActorOf(Counter.Props(), name));
        ActorOf(Counter.Props(), "-_.*$+:@&=,!~';()%20");
    }

    [Fact]
    public void Two_lives_of_one_path_are_told_apart()
    {
        var first = Watch(ActorOf(Counter.Props(), "phoenix"));
        Sys.Stop(first);
        ExpectTerminated(first);
        var second = ActorOf(Counter.Props(), "phoenix");
        Assert.Equal(first.Path, second.Path);
        Assert.NotEqual(first, second);
        Assert.Equal(second, Sys.ResolveActorRef(second.Path.ToSerializationFormat()));
        Assert.Equal(second, Sys.ResolveActorRef("akka://test/user/phoenix"));
        Assert.True(Sys.ResolveActorRef(first.Path.ToSerializationFormat()).IsTerminated);
    }

    [Fact]
    public async Task A_graceful_stop_that_is_late_fails()
    {
        Assert.True(await ActorOf(Counter.Props()).GracefulStop(TimeSpan.FromSeconds(1)));
        var stubborn = ActorOf(Props.Create<Stubborn>());
        var late = stubborn.GracefulStop(TimeSpan.FromSeconds(1), "please");
        TestScheduler.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<TaskCanceledException>(() => late);
    }

    private sealed class Stubborn : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            // It does not stop when it is asked to.
        }
    }

    private sealed class BusyWatcher : ReceiveActor
    {
        public BusyWatcher(IActorRef subject, IActorRef observer)
        {
            Context.Watch(subject);
            Receive<Task>(gate => gate.Wait(TimeSpan.FromSeconds(30)));
            Receive<string>(_ =>
            {
                Context.Unwatch(subject);
                observer.Tell("unwatched");
            });
            Receive<Terminated>(t => observer.Tell(t.ActorRef));
        }
    }

    private sealed class CustomWatcher : ReceiveActor
    {
        public CustomWatcher(IActorRef subject, object message, IActorRef observer)
        {
            Context.WatchWith(subject, message);
            Receive<IActorRef>(again => Context.Watch(again));
            ReceiveAny(observer.Tell);
        }
    }

    private sealed class Pact : Counter
    {
        public Pact(IActorRef subject)
        {
            Context.Watch(subject);
            BecomeStacked(message =>
            {
                if (message is not string)
                    return false;
                Sender.Tell(message);
                return true;
            });
        }
    }

    private sealed class Renamer : ReceiveActor
    {
        private int _lives;

        public Renamer(IActorRef observer)
        {
            Receive<string>(_ =>
            {
                var child = Context.ActorOf(Counter.Props(), "only");
                Context.Watch(child);
                Context.Stop(child);
            });
            Receive<Terminated>(_ =>
            {
                var child = Context.ActorOf(Counter.Props(), "only");
                if (_lives++ % 2 == 0)
                {
                    Context.Watch(child);
                    Context.Stop(child);
                    return;
                }

                Context.WatchWith(child, 1);
                Context.Stop(child);
            });
            Receive<int>(_ => observer.Tell("same name, new life"));
        }
    }
}

using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Actors;

public sealed class SupervisionTests() : TestKitBase(new VirtualTimeProvider())
{
    [Fact]
    public void The_default_strategy_restarts_in_order_of_the_hooks()
    {
        var child = ActorOf(Recorder.Props(TestActor), "child");
        ExpectMsg("PreStart 1");
        child.Tell(new InvalidOperationException("boom"));
        ExpectMsg("PreRestart 1 boom on InvalidOperationException");
        ExpectMsg("PostStop 1");
        ExpectMsg("PostRestart 2 boom");
        ExpectMsg("PreStart 2");
        Sys.Stop(child);
        ExpectMsg("PostStop 2");
        ExpectNoMsg();
    }

    [Fact]
    public void A_restart_keeps_the_messages_behind_the_failure()
    {
        var child = ActorOf(Recorder.Props(TestActor));
        ExpectMsg("PreStart 1");
        child.Tell(new InvalidOperationException("boom"));
        for (var i = 0; i < 100; i++)
            child.Tell(i);
        FishForMessage<string>(m => m == "PreStart 2");
        Assert.Equal(Enumerable.Range(0, 100).Cast<object>(), ReceiveN(100));
    }

    [Fact]
    public void Resume_keeps_the_state()
    {
        var parent = ActorOf(Parent.Props(_ => Directive.Resume));
        var child = parent.MakeChild(Counter.Props());
        child.Tell("add");
        child.Tell(new InvalidOperationException("boom"));
        child.Tell("add");
        child.Tell("count");
        ExpectMsg(2);
    }

    [Fact]
    public void Stop_ends_the_child_and_its_messages_are_dead_letters()
    {
        var parent = ActorOf(Parent.Props(_ => Directive.Stop));
        var child = Watch(parent.MakeChild(Counter.Props()));
        EventFilter.DeadLetter<string>(m => m == "add").ExpectOne(() =>
        {
            child.Tell(new InvalidOperationException("boom"));
            child.Tell("add");
        });
        ExpectTerminated(child);
    }

    [Fact]
    public void Escalation_fails_the_parent_which_restarts_and_stops_its_children()
    {
        var top = ActorOf(Parent.Props(_ => Directive.Restart), "top");
        var middle = top.MakeChild(Parent.Props(_ => Directive.Escalate), "middle");
        var child = Watch(middle.MakeChild(Counter.Props(), "child"));
        child.Tell(new InvalidOperationException("boom"));
        ExpectTerminated(child);
        middle.Tell(Parent.CountChildren.Instance);
        ExpectMsg(0);
    }

    [Fact]
    public void Children_that_PreRestart_spares_are_restarted_with_their_parent()
    {
        var top = ActorOf(Parent.Props(_ => Directive.Restart));
        var middle = top.MakeChild(Parent.Props(_ => Directive.Escalate, spareChildren: true));
        var child = middle.MakeChild(Recorder.Props(TestActor));
        ExpectMsg("PreStart 1");
        middle.Tell(new InvalidOperationException("boom"));
        FishForMessage<string>(m => m == "PreStart 2");
        child.Tell("alive");
        ExpectMsg("alive");
    }

    [Fact]
    public async Task A_failure_that_escalates_to_the_guardian_ends_the_system()
    {
        await using var system = ActorSystem.Create("doomed", new ActorSystemOptions
        {
            UserGuardianStrategy = new OneForOneStrategy(_ => Directive.Escalate),
        });
        system.ActorOf(Counter.Props()).Tell(new InvalidOperationException("boom"));
        await system.WhenTerminated.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Restarts_are_bounded_within_the_window()
    {
        var strategy = new OneForOneStrategy(2, TimeSpan.FromMinutes(1), _ => Directive.Restart);
        var parent = ActorOf(Parent.Props(strategy));
        var child = Watch(parent.MakeChild(Counter.Props()));
        Fail(child);
        Fail(child);
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        Fail(child);
        Fail(child);
        ExpectNoMsg();
        Fail(child);
        ExpectTerminated(child);
    }

    [Fact]
    public void Without_a_window_restarts_are_bounded_for_life()
    {
        var parent = ActorOf(Parent.Props(new OneForOneStrategy(1, null, _ => Directive.Restart)));
        var child = Watch(parent.MakeChild(Counter.Props()));
        Fail(child);
        TestScheduler.Advance(TimeSpan.FromDays(365));
        ExpectNoMsg();
        Fail(child);
        ExpectTerminated(child);
    }

    [Fact]
    public void A_failed_creation_is_reported_and_stops_the_child()
    {
        var parent = ActorOf(Parent.Props(SupervisorStrategy.DefaultDecider));
        EventFilter.Exception<ActorInitializationException>(contains: "no disk").ExpectOne(() =>
        {
            var broken = Props.Create<Counter>(() => throw new IOException("no disk"));
            var child = Watch(parent.MakeChild(broken));
            ExpectTerminated(child);
        });
    }

    [Fact]
    public void A_failed_creation_can_be_retried_and_keeps_the_messages()
    {
        var attempts = 0;
        var parent = ActorOf(Parent.Props(_ => Directive.Restart));
        var child = parent.MakeChild(Props.Create(() =>
            ++attempts < 3 ? throw new IOException("not yet") : new Counter()));
        child.Tell("add");
        child.Tell("count");
        ExpectMsg(1);
        Assert.Equal(3, attempts);
    }

    [Fact]
    public void A_parent_that_throws_in_its_decider_fails_itself()
    {
        var top = ActorOf(Parent.Props(_ => Directive.Stop));
        var middle = Watch(
            top.MakeChild(Parent.Props(_ => throw new InvalidOperationException("?"))));
        var child = Watch(middle.MakeChild(Counter.Props()));
        child.Tell(new InvalidOperationException("boom"));
        ExpectTerminated(child);
        ExpectTerminated(middle);
    }

    [Fact]
    public void Kill_fails_the_actor_which_stops_by_default()
    {
        var victim = Watch(ActorOf(Counter.Props()));
        victim.Tell(Kill.Instance);
        ExpectTerminated(victim);
    }

    [Fact]
    public void A_failing_PostStop_does_not_hold_up_the_stop()
    {
        var actor = Watch(ActorOf(Props.Create<BadPostStop>()));
        Sys.Stop(actor);
        ExpectTerminated(actor);
    }

    [Fact]
    public void A_failing_PreRestart_does_not_hold_up_the_restart()
    {
        var actor = ActorOf(Props.Create<BadPreRestart>());
        actor.Tell(new InvalidOperationException("boom"));
        actor.Tell("are you there?");
        ExpectMsg("are you there?");
    }

    [Fact]
    public void A_stop_amid_a_restart_runs_PostStop_once()
    {
        var gate = new TaskCompletionSource();
        var actor = Watch(ActorOf(Props.Create(
            () => new SlowFamily(gate.Task, TestActor))));
        AwaitIdle();
        actor.Tell(new InvalidOperationException("boom"));
        ExpectMsg("PostStop");
        ((InternalActorRef)actor).Stop();
        gate.SetResult();
        ExpectTerminated(actor);
        ExpectNoMsg();
    }

    [Fact]
    public void A_failing_PostRestart_is_supervised()
    {
        var parent = ActorOf(Parent.Props(SupervisorStrategy.DefaultDecider));
        var actor = Watch(parent.MakeChild(Props.Create<BadPostRestart>()));
        actor.Tell(new InvalidOperationException("boom"));
        ExpectTerminated(actor);
    }

    [Fact]
    public void The_decider_sees_the_failed_child_as_its_sender()
    {
        var parent = ActorOf(Props.Create(() => new SenderSeer(TestActor)));
        var child = parent.MakeChild(Counter.Props());
        child.Tell(new InvalidOperationException("boom"));
        ExpectMsg<IActorRef>(sender => sender.Equals(child));
    }

    [Fact]
    public void A_suspended_actor_still_answers_the_runtime()
    {
        // The parent is busy, so its child stays suspended after the failure: it can be stopped.
        var gate = new TaskCompletionSource();
        var parent = ActorOf(Parent.Props(_ => Directive.Resume));
        var child = Watch(parent.MakeChild(Counter.Props()));
        parent.Tell(gate.Task);
        child.Tell(new InvalidOperationException("boom"));
        Sys.Stop(child);
        ExpectTerminated(child);
        gate.SetResult();
    }

    private static void Fail(IActorRef child) => child.Tell(new InvalidOperationException("boom"));

    private sealed class BadPostStop : Counter
    {
        protected override void PostStop() => throw new InvalidOperationException("PostStop");
    }

    private sealed class BadPreRestart : Counter
    {
        protected override void PreRestart(Exception reason, object? message) =>
            throw new InvalidOperationException("PreRestart");
    }

    private sealed class BadPostRestart : Counter
    {
        protected override void PostRestart(Exception reason) =>
            throw new InvalidOperationException("PostRestart");
    }

    private sealed class Waiter : ReceiveActor
    {
        public Waiter() => ReceiveAsync<Task>(task => task);
    }

    private sealed class SlowFamily : Counter
    {
        private readonly IActorRef _observer;

        public SlowFamily(Task gate, IActorRef observer)
        {
            _observer = observer;
            Context.ActorOf(Runtime.Actors.Props.Create<Waiter>(), "slow").Tell(gate);
        }

        protected override void PostStop() => _observer.Tell("PostStop");
    }

    private sealed class SenderSeer : Parent
    {
        private readonly IActorRef _observer;

        public SenderSeer(IActorRef observer)
            : base(Runtime.Actors.SupervisorStrategy.DefaultStrategy, false) =>
            _observer = observer;

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ =>
        {
            _observer.Tell(Sender);
            return Directive.Resume;
        });
    }
}

using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Actors;

public sealed class BehaviourTests() : TestKitBase(new VirtualTimeProvider())
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void The_first_handler_that_fits_gets_the_message()
    {
        var actor = ActorOf(Props.Create<Sorter>());
        actor.Tell(5);
        ExpectMsg("small int");
        actor.Tell(500);
        ExpectMsg("int");
        actor.Tell(-1);
        ExpectMsg("any");
        actor.Tell(new ArgumentNullException());
        ExpectMsg("argument");
    }

    [Fact]
    public void Handlers_after_ReceiveAny_and_outside_of_configuration_are_refused()
    {
        EventFilter.Exception<InvalidOperationException>(contains: "ReceiveAny last")
            .ExpectOne(() => ActorOf(Props.Create<TooLate>()));
        var late = ActorOf(Props.Create<AddsWhileHandling>());
        EventFilter.Exception<InvalidOperationException>(contains: "Become")
            .ExpectOne(() => late.Tell("x"));
    }

    [Fact]
    public void Become_replaces_and_stacks_behaviours()
    {
        var actor = ActorOf(Props.Create<Moody>());
        string[] script = ["mood", "angry", "mood", "push", "mood", "pop", "mood", "pop", "mood"];
        foreach (var line in script)
            actor.Tell(line);
        ExpectMsg("calm");
        ExpectMsg("angry");
        ExpectMsg("happy");
        ExpectMsg("angry");
        ExpectMsg("angry");
    }

    [Fact]
    public void A_restart_goes_back_to_the_first_behaviour()
    {
        var actor = ActorOf(Props.Create<Moody>());
        actor.Tell("angry");
        actor.Tell(new InvalidOperationException("boom"));
        actor.Tell("mood");
        ExpectMsg("calm");
    }

    [Fact]
    public void What_nobody_handles_is_published()
    {
        Sys.EventStream.Subscribe<UnhandledMessage>(TestActor);
        var actor = ActorOf(Props.Create<Moody>());
        actor.Tell(42);
        ExpectMsg<UnhandledMessage>(u =>
            u.Message.Equals(42) && u.Sender.Equals(TestActor) && u.Recipient.Equals(actor));
    }

    [Fact]
    public void The_stash_gives_back_in_order_and_before_what_came_later()
    {
        var actor = ActorOf(Props.Create<Opener>());
        for (var i = 0; i < 10; i++)
            actor.Tell(i);
        actor.Tell("open");
        actor.Tell(10);
        Assert.Equal(Enumerable.Range(0, 11).Cast<object>(), ReceiveN(11));
    }

    [Fact]
    public void A_restart_unstashes()
    {
        var actor = ActorOf(Props.Create<Opener>());
        actor.Tell(1);
        actor.Tell(2);
        actor.Tell(new InvalidOperationException("boom"));
        actor.Tell(3);
        actor.Tell("open");
        Assert.Equal([1, 2, 3], ReceiveN(3));
    }

    [Fact]
    public void A_stop_makes_dead_letters_of_the_stash()
    {
        var actor = ActorOf(Props.Create<Opener>());
        actor.Tell(1);
        actor.Tell(2);
        EventFilter.DeadLetter<int>().Expect(2, () => actor.Tell(PoisonPill.Instance));
    }

    [Fact]
    public void A_message_cannot_be_stashed_twice()
    {
        var actor = ActorOf(Parent.Props(_ => Directive.Stop)).MakeChild(Props.Create<Hoarder>());
        EventFilter.Exception<IllegalActorStateException>().ExpectOne(() => actor.Tell("twice"));
    }

    [Fact]
    public async Task A_full_stash_fails_the_actor()
    {
        await using var system = ActorSystem.Create(
            "small", new ActorSystemOptions { StashCapacity = 2 });
        system.EventStream.Subscribe<Error>(TestActor);
        var actor = system.ActorOf(Props.Create<Opener>());
        for (var i = 0; i < 3; i++)
            actor.Tell(i);
        ExpectMsg<Error>(e => e.Cause is StashOverflowException);
    }

    [Fact]
    public void Timers_fire_and_are_replaced_and_cancelled_by_key()
    {
        var actor = ActorOf(Props.Create(() => new Timed(TestActor)));
        actor.Tell((Action<ITimerScheduler>)(t =>
        {
            t.StartSingleTimer("a", "first", Minute);
            t.StartSingleTimer("a", "second", Minute);
            t.StartSingleTimer("b", "cancelled", Minute);
            t.Cancel("b");
            t.StartPeriodicTimer("c", "tick", 10 * Minute);
        }));
        TestScheduler.Advance(Minute);
        ExpectMsg("second");
        ExpectNoMsg();
        TestScheduler.Advance(30 * Minute);
        Assert.Equal(["tick", "tick", "tick"], ReceiveN(3));
        actor.Tell((Action<ITimerScheduler>)(t =>
            TestActor.Tell((t.IsTimerActive("a"), t.IsTimerActive("c")))));
        ExpectMsg((false, true));
    }

    [Fact]
    public async Task A_cancelled_timers_queued_message_is_not_delivered()
    {
        await using var system = ActorSystem.Create("real");
        var actor = system.ActorOf(Props.Create(() => new Timed(TestActor)));
        actor.Tell((Action<ITimerScheduler>)(t =>
        {
            t.StartSingleTimer("a", "late", TimeSpan.FromMilliseconds(1));
            SpinWait.SpinUntil(
                () => system.Scheduler.PendingCount == 0, TimeSpan.FromSeconds(30));
            t.Cancel("a");
        }));
        actor.Tell("done");
        ExpectMsg("done");
        ExpectNoMsg();
    }

    [Fact]
    public void A_restart_and_a_stop_cancel_timers()
    {
        var actor = ActorOf(Props.Create(() => new Timed(TestActor)));
        actor.Tell((Action<ITimerScheduler>)(t => t.StartPeriodicTimer("a", "tick", Minute)));
        actor.Tell(new InvalidOperationException("boom"));
        TestScheduler.Advance(10 * Minute);
        ExpectNoMsg();
        actor.Tell((Action<ITimerScheduler>)(t => t.StartPeriodicTimer("a", "tick", Minute)));
        AwaitIdle();
        Sys.Stop(actor);
        TestScheduler.Advance(10 * Minute);
        ExpectNoMsg();
        Assert.Equal(0, Sys.Scheduler.PendingCount);
    }

    private sealed class Sorter : ReceiveActor
    {
        public Sorter()
        {
            Receive<int>(i => i is > 0 and < 100, _ => Sender.Tell("small int"));
            Receive<int>(i =>
            {
                if (i < 0)
                    return false;
                Sender.Tell("int");
                return true;
            });
            Receive<ArgumentException>(_ => Sender.Tell("argument"));
            ReceiveAny(_ => Sender.Tell("any"));
        }
    }

    private sealed class TooLate : ReceiveActor
    {
        public TooLate()
        {
            ReceiveAny(_ => { });
            Receive<int>(_ => { });
        }
    }

    private sealed class AddsWhileHandling : ReceiveActor
    {
        public AddsWhileHandling() => Receive<string>(_ => Receive<int>(_ => { }));
    }

    private sealed class Moody : ReceiveActor
    {
        public Moody() => Mood("calm");

        private void Mood(string mood)
        {
            Receive<Exception>(e => throw e);
            Receive<string>(m => m == "mood", _ => Sender.Tell(mood));
            Receive<string>(m => m == "angry", _ => Become(() => Mood("angry")));
            Receive<string>(m => m == "push", _ => BecomeStacked(() => Mood("happy")));
            Receive<string>(m => m == "pop", _ => UnbecomeStacked());
        }
    }

    private sealed class Opener : ReceiveActor, IWithStash
    {
        private bool _open;

        public Opener()
        {
            Receive<Exception>(e => throw e);
            Receive<int>(_ => !_open, _ => Stash.Stash());
            Receive<int>(i => Sender.Tell(i));
            Receive<string>(_ =>
            {
                _open = true;
                Stash.UnstashAll();
            });
        }

        public IStash Stash { get; set; } = null!;
    }

    private sealed class Hoarder : ReceiveActor, IWithStash
    {
        public Hoarder() => ReceiveAny(_ =>
        {
            Stash.Stash();
            Stash.Stash();
        });

        public IStash Stash { get; set; } = null!;
    }

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        public Timed(IActorRef observer)
        {
            Receive<Exception>(e => throw e);
            Receive<Action<ITimerScheduler>>(act => act(Timers));
            ReceiveAny(observer.Tell);
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }
}

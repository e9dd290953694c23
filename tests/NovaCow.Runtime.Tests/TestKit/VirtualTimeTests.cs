using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.TestKit;

public sealed class VirtualTimeTests() : TestKitBase(new VirtualTimeProvider())
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void Nothing_happens_until_the_clock_is_advanced()
    {
        Sys.Scheduler.ScheduleTellOnce(Hour, TestActor, "now", null);
        TestScheduler.Advance(Hour - TimeSpan.FromTicks(1));
        ExpectNoMsg(Hour);
        TestScheduler.Advance(TimeSpan.FromTicks(1));
        ExpectMsg("now");
    }

    [Fact]
    public void What_a_reaction_schedules_is_part_of_the_same_advance()
    {
        var chain = ActorOf<Chain>();
        chain.Tell(TestActor);
        TestScheduler.Advance(10 * Hour);
        Assert.Equal(Enumerable.Range(1, 10).Cast<object>(), ReceiveN(10));
        ExpectNoMsg();
    }

    [Fact]
    public void Periodic_timers_fire_once_for_each_period()
    {
        var timer = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(
            Hour, Hour, TestActor, "tick", null);
        TestScheduler.Advance(Hour * 3.5);
        ReceiveN(3);
        ExpectNoMsg();
        timer.Cancel();
        TestScheduler.Advance(10 * Hour);
        ExpectNoMsg();
    }

    [Fact]
    public async Task Tasks_that_take_a_clock_are_moved_too()
    {
        var delay = Task.Delay(Hour, TestScheduler);
        Assert.False(delay.IsCompleted);
        TestScheduler.AdvanceTo(TestScheduler.GetUtcNow() + Hour);
        await delay;
    }

    [Fact]
    public async Task An_ask_times_out_in_virtual_time()
    {
        var silent = CreateTestProbe();
        var ask = silent.Ref.Ask<string>("anyone?", Hour);
        TestScheduler.Advance(Hour);
        await Assert.ThrowsAsync<AskTimeoutException>(() => ask);
    }

    [Fact]
    public void Receive_timeouts_count_from_the_last_message()
    {
        var idle = ActorOf(Props.Create(() => new Idle(TestActor)));
        idle.Tell("work");
        TestScheduler.Advance(Hour * 0.75);
        idle.Tell("work");
        TestScheduler.Advance(Hour * 0.75);
        ExpectNoMsg();
        TestScheduler.Advance(Hour * 0.25);
        ExpectMsg("idle");
        TestScheduler.Advance(Hour);
        ExpectMsg("idle");
        idle.Tell("stop it");
        TestScheduler.Advance(10 * Hour);
        ExpectNoMsg();
    }

    private sealed class Idle : ReceiveActor
    {
        public Idle(IActorRef observer)
        {
            Context.SetReceiveTimeout(Hour);
            Receive<ReceiveTimeout>(_ => observer.Tell("idle"));
            Receive<string>(m => m == "stop it", _ => Context.SetReceiveTimeout(null));
            Receive<string>(_ => { });
        }
    }

    private sealed class Chain : ReceiveActor, IWithTimers
    {
        private int _count;
        private IActorRef? _observer;

        public Chain()
        {
            Receive<IActorRef>(observer =>
            {
                _observer = observer;
                Timers!.StartSingleTimer("next", "next", Hour);
            });
            Receive<string>(_ =>
            {
                _observer!.Tell(++_count);
                Timers!.StartSingleTimer("next", "next", Hour);
            });
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }
}

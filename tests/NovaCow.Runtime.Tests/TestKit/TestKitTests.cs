using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.TestKit;

public sealed class TestKitTests : TestKitBase
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void The_test_actor_is_the_implicit_sender()
    {
        ActorOf<Echo>().Tell("hello");
        ExpectMsg("hello");
    }

    [Fact]
    public async Task The_implicit_sender_survives_awaits()
    {
        var echo = ActorOf<Echo>();
        echo.Tell(1);
        await ExpectMsgAsync(1);
        await Task.Yield();
        await Task.Delay(1);
        echo.Tell(2);
        await ExpectMsgAsync(2);
        Assert.Equal(echo, LastSender);
    }

    [Fact]
    public void A_wrong_message_fails_and_is_shown()
    {
        ActorOf<Echo>().Tell("hello");
        var e = Assert.Throws<TestKitAssertionException>(() => ExpectMsg("bye"));
        Assert.Contains("hello", e.Message, StringComparison.Ordinal);
        Assert.Contains("bye", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_message_fails()
    {
        var e = Assert.Throws<TestKitAssertionException>(() => ExpectMsg<string>(Short, "please"));
        Assert.Contains("please", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unexpected_message_fails_ExpectNoMsg()
    {
        ExpectNoMsg(Short);
        TestActor.Tell("surprise");
        AwaitCondition(() => HasMessages);
        Assert.Throws<TestKitAssertionException>(() => ExpectNoMsg());
    }

    [Fact]
    public void Expectations_choose_by_sender_value_and_type()
    {
        var probe = CreateTestProbe();
        probe.Send(TestActor, "from probe");
        ExpectMsgFrom(probe.Ref, "from probe");
        TestActor.Tell("b");
        ExpectMsgAnyOf("a", "b");
        TestActor.Tell(2);
        TestActor.Tell(1);
        ExpectMsgAllOf(1, 2);
        TestActor.Tell("x");
        TestActor.Tell(7);
        Assert.Equal(7, FishForMessage<int>(i => i == 7));
        TestActor.Tell("y");
        ExpectMsg<string>(m => m == "y");
    }

    [Fact]
    public void Several_messages_are_received_in_order()
    {
        for (var i = 0; i < 10; i++)
            TestActor.Tell(i);
        Assert.Equal(Enumerable.Range(0, 10).Cast<object>(), ReceiveN(10));
        Assert.Null(ReceiveOne(TimeSpan.Zero));
    }

    [Fact]
    public void Messages_can_be_ignored()
    {
        IgnoreMessages<int>();
        TestActor.Tell(1);
        TestActor.Tell("two");
        ExpectMsg("two");
        IgnoreNoMessages();
        TestActor.Tell(3);
        ExpectMsg(3);
    }

    [Fact]
    public void A_probe_replies_and_forwards()
    {
        var probe = CreateTestProbe();
        probe.Ref.Tell("question");
        probe.ExpectMsg("question");
        probe.Reply("answer");
        ExpectMsgFrom(probe.Ref, "answer");
        probe.Forward(TestActor);
        ExpectMsg("question");
        Assert.Equal(TestActor, LastSender);
    }

    [Fact]
    public void An_auto_pilot_answers()
    {
        var probe = CreateTestProbe();
        probe.SetAutoPilot(AutoPilot.Of((sender, message) => sender.Tell($"re: {message}")));
        probe.Ref.Tell("mail");
        ExpectMsg("re: mail");
        probe.ExpectMsg("mail");
    }

    [Fact]
    public void A_watched_actors_end_is_expected()
    {
        var echo = Watch(ActorOf<Echo>());
        Sys.Stop(echo);
        ExpectTerminated(echo);
        var other = Watch(ActorOf<Echo>());
        Unwatch(other);
        Sys.Stop(other);
        ExpectNoMsg(Short);
    }

    [Fact]
    public void Within_bounds_the_expectations_inside()
    {
        Within(TimeSpan.FromSeconds(20), () =>
        {
            TestActor.Tell("in time");
            ExpectMsg("in time");
            Assert.True(Remaining > TimeSpan.Zero);
        });
        Assert.Throws<TestKitAssertionException>(
            () => Within(Short, () => ExpectMsg<string>(TimeSpan.FromHours(1))));
    }

    [Fact]
    public void Conditions_and_assertions_are_awaited()
    {
        var looks = 0;
        AwaitCondition(() => ++looks > 3);
        AwaitAssert(() => Assert.True(++looks > 10));
        Assert.Throws<TestKitAssertionException>(() => AwaitCondition(() => false, Short));
    }

    [Fact]
    public void Log_events_are_expected_by_their_text()
    {
        var logger = ActorOf(Props.Create<Logger>());
        EventFilter.Warning(contains: "disk 7").ExpectOne(() => logger.Tell("disk 7 is full"));
        EventFilter.Error().Expect(0, () => logger.Tell("no error"));
        var fails = Assert.Throws<TestKitAssertionException>(
            () => EventFilter.Warning().Expect(1, () =>
            {
                logger.Tell("one");
                logger.Tell("two");
                AwaitIdle();
            }));
        Assert.Contains("seen 2", fails.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dead_letters_are_expected_by_type()
    {
        var echo = Watch(ActorOf<Echo>());
        Sys.Stop(echo);
        ExpectTerminated(echo);
        EventFilter.DeadLetter<string>().ExpectOne(() => echo.Tell("late"));
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    private sealed class Logger : ReceiveActor
    {
        public Logger() => Receive<string>(m => Context.GetLogger().Warning("{Text}", m));
    }
}

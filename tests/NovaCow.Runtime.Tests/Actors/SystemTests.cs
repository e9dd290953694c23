using System.Collections.Concurrent;
using System.Diagnostics;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;
using Debug = NovaCow.Runtime.Actors.Debug;

namespace NovaCow.Runtime.Tests.Actors;

public sealed class SystemTests : TestKitBase
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private interface IEvent;

    [Fact]
    public void The_event_stream_publishes_by_type_base_type_and_interface()
    {
        var byInterface = CreateTestProbe();
        var byBase = CreateTestProbe();
        var byType = CreateTestProbe();
        Sys.EventStream.Subscribe<IEvent>(byInterface.Ref);
        Sys.EventStream.Subscribe<BaseEvent>(byBase.Ref);
        Sys.EventStream.Subscribe(byType.Ref, typeof(SpecialEvent));
        Assert.False(Sys.EventStream.Subscribe<IEvent>(byInterface.Ref));
        Sys.EventStream.Publish(new BaseEvent());
        Sys.EventStream.Publish(new SpecialEvent());
        byType.ExpectMsg<SpecialEvent>();
        byBase.ReceiveN(2);
        byInterface.ReceiveN(2);
        Assert.True(Sys.EventStream.Unsubscribe<IEvent>(byInterface.Ref));
        Assert.False(Sys.EventStream.Unsubscribe<IEvent>(byInterface.Ref));
        Sys.EventStream.Publish(new BaseEvent());
        byBase.ExpectMsg<BaseEvent>();
        byInterface.ExpectNoMsg();
    }

    [Fact]
    public void One_event_comes_once_to_a_subscriber_of_several_types()
    {
        Sys.EventStream.Subscribe<IEvent>(TestActor);
        Sys.EventStream.Subscribe<BaseEvent>(TestActor);
        Sys.EventStream.Publish(new SpecialEvent());
        ExpectMsg<SpecialEvent>();
        ExpectNoMsg();
    }

    [Fact]
    public void The_event_stream_forgets_those_that_stop()
    {
        var actor = Watch(ActorOf(Counter.Props()));
        Sys.EventStream.Subscribe<BaseEvent>(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);
        Assert.False(Sys.EventStream.HasSubscribers(typeof(BaseEvent)));
    }

    [Fact]
    public void Messages_without_a_receiver_are_dead_letters()
    {
        var actor = Watch(ActorOf(Counter.Props()));
        Sys.Stop(actor);
        ExpectTerminated(actor);
        Sys.EventStream.Subscribe<AllDeadLetters>(TestActor);
        actor.Tell("late");
        ExpectMsg<DeadLetter>(d =>
            d.Message.Equals("late") && d.Sender!.Equals(TestActor) && d.Recipient.Equals(actor));
        actor.Tell(PoisonPill.Instance);
        ExpectMsg<SuppressedDeadLetter>();
        Sys.DeadLetters.Tell("direct");
        ExpectMsg<DeadLetter>(d => d.Recipient.Equals(Sys.DeadLetters));
        Sys.ResolveActorRef("akka://test/user/nobody").Tell("lost");
        ExpectMsg<DeadLetter>(d => d.Recipient.Path.Name == "nobody");
    }

    [Fact]
    public void Identify_is_answered_by_the_living_and_for_the_dead()
    {
        var actor = Watch(ActorOf(Counter.Props()));
        actor.Tell(new Identify(1));
        ExpectMsg(new ActorIdentity(1, actor));
        Sys.Stop(actor);
        ExpectTerminated(actor);
        actor.Tell(new Identify(2));
        ExpectMsg(new ActorIdentity(2, null));
    }

    [Fact]
    public void Without_a_sender_the_dead_letters_are_the_sender()
    {
        var actor = ActorOf(Props.Create(() => new SenderTeller(TestActor)));
        actor.Tell("who?", ActorRefs.NoSender);
        ExpectMsg<IActorRef>(sender => sender.Equals(Sys.DeadLetters));
    }

    [Fact]
    public void Forward_keeps_the_sender()
    {
        var echo = ActorOf(Counter.Props());
        var forwarder = ActorOf(Props.Create(() => new Forwarder(echo)));
        forwarder.Tell("round");
        ExpectMsgFrom(echo, "round");
    }

    [Fact]
    public void A_null_message_is_refused() =>
        Assert.Throws<InvalidMessageException>(() => TestActor.Tell(null!));

    [Fact]
    public void An_actor_is_not_made_with_new()
    {
        Assert.Throws<ActorInitializationException>(() => new Counter());
        EventFilter.Exception<ActorInitializationException>(contains: "Context.ActorOf")
            .ExpectOne(() => ActorOf(Props.Create<Maker>()).Tell("make"));
    }

    [Fact]
    public void Props_pass_arguments_to_the_constructor()
    {
        ActorOf(Props.Create<SenderTeller>(TestActor)).Tell("who?");
        ExpectMsg<IActorRef>(sender => sender.Equals(TestActor));
        EventFilter.Exception<ActorInitializationException>(contains: "no constructor")
            .ExpectOne(() => ActorOf(Props.Create<SenderTeller>("too", "many")));
    }

    [Fact]
    public async Task The_sink_gets_what_the_level_allows_and_a_bad_format_is_harmless()
    {
        var lines = new ConcurrentQueue<LogEvent>();
        await using var system = ActorSystem.Create(
            "log",
            new ActorSystemOptions { LogSink = lines.Enqueue, LogLevel = LogLevel.WarningLevel });
        var actor = system.ActorOf(Props.Create<Chatty>(), "chatty");
        await actor.Ask<string>("talk", Patience);
        Assert.Equal(
            ["disk 7 is 93.5 % full", "{Missing} and {0}", "failed"],
            lines.Select(e => e.Message.ToString()));
        Assert.All(lines, e => Assert.Equal("/user/chatty", e.LogSource));
    }

    [Fact]
    public async Task Extensions_are_made_once_for_each_system()
    {
        await using var other = ActorSystem.Create("other");
        Assert.Null(Sys.GetExtension<Version>());
        var made = Sys.RegisterExtension(_ => new Version(1, 2));
        Assert.Same(made, Sys.RegisterExtension(_ => new Version(3, 4)));
        Assert.Same(made, Sys.GetExtension<Version>());
        Assert.Null(other.GetExtension<Version>());
    }

    [Fact]
    public async Task A_terminated_system_leaves_no_actors_timers_or_threads()
    {
        await RunAndTerminate("warm-up");
        var threads = CountThreads();
        for (var i = 0; i < 20; i++)
            await RunAndTerminate("leak");
        // Other tests make the pool grow meanwhile: what it does not need goes, what leaked stays.
        await AwaitAssertAsync(
            () => Assert.True(CountThreads() <= threads + 16, "twenty systems left threads behind"),
            max: TimeSpan.FromMinutes(3),
            interval: TimeSpan.FromMilliseconds(100));
    }

    private static int CountThreads()
    {
        using var process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }

    private static async Task RunAndTerminate(string name)
    {
        var system = ActorSystem.Create(name);
        var actors = Enumerable.Range(0, 50)
            .Select(i => system.ActorOf(Counter.Props(), $"a{i}")).ToList();
        system.Scheduler.ScheduleTellRepeatedly(
            TimeSpan.FromHours(1), TimeSpan.FromHours(1), actors[0], "never", null);
        actors.ForEach(a => a.Tell("add"));
        await system.Terminate().WaitAsync(Patience);
        Assert.All(actors, a => Assert.True(((InternalActorRef)a).IsTerminated));
        Assert.Equal(0, system.Scheduler.PendingCount);
    }

    private record BaseEvent : IEvent;

    private sealed record SpecialEvent : BaseEvent;

    private sealed class SenderTeller : ReceiveActor
    {
        public SenderTeller(IActorRef observer) => ReceiveAny(_ => observer.Tell(Sender));
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef target) => ReceiveAny(target.Forward);
    }

    private sealed class Maker : ReceiveActor
    {
        public Maker() => ReceiveAny(_ => new Counter());
    }

    private sealed class Chatty : ReceiveActor
    {
        public Chatty() => ReceiveAny(_ =>
        {
            var log = Context.GetLogger();
            log.Info("not at this level");
            log.Warning("disk {0} is {Percent:F1} % full", 7, 93.5);
            log.Warning("{Missing} and {0}");
            log.Error(new IOException("disk"), "failed");
            Sender.Tell("talked");
        });
    }
}

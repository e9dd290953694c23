using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Tests.Actors;

public sealed class ActorSystemTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system = ActorSystem.Create("test");

    [Fact]
    public async Task An_actor_answers_an_ask()
    {
        await using var system = _system;
        var echo = system.ActorOf(Props.Create<Echo>(), "echo");
        Assert.Equal("hello", await echo.Ask<string>("hello", Patience));
        Assert.Equal("akka://test/user/echo", echo.Path.ToString());
    }

    [Fact]
    public async Task A_restart_keeps_the_mailbox_and_the_reference()
    {
        await using var system = _system;
        var counter = system.ActorOf(Props.Create<Counter>());
        counter.Tell("one");
        counter.Tell(new InvalidOperationException("by request"));
        counter.Tell("two");
        Assert.Equal(1, await counter.Ask<int>("count", Patience));
    }

    [Fact]
    public async Task A_failing_constructor_stops_the_actor()
    {
        await using var system = _system;
        var actor = system.ActorOf(
            Props.Create<Counter>(() => throw new InvalidOperationException("no")));
        Assert.True(await actor.GracefulStop(Patience));
    }

    [Fact]
    public async Task Asynchronous_handlers_run_one_at_a_time_in_the_actors_context()
    {
        await using var system = _system;
        var slow = system.ActorOf(Props.Create<Slow>());
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => slow.Ask<int>(i, Patience)));
        Assert.Equal(Enumerable.Range(0, 20), answers);
    }

    [Fact]
    public async Task Termination_stops_every_actor_and_then_completes()
    {
        var echo = _system.ActorOf(Props.Create<Echo>());
        await _system.Terminate().WaitAsync(Patience);
        Assert.True(((InternalActorRef)echo).IsTerminated);
        Assert.Throws<InvalidOperationException>(() => _system.ActorOf(Props.Create<Echo>()));
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    private sealed class Counter : ReceiveActor
    {
        private int _count;

        public Counter()
        {
            Receive<Exception>(e => throw e);
            Receive<string>(s => s == "count", _ => Sender.Tell(_count));
            Receive<string>(_ => _count++);
        }
    }

    private sealed class Slow : ReceiveActor
    {
        private bool _busy;

        public Slow() => ReceiveAsync<int>(async number =>
        {
            Assert.False(_busy);
            _busy = true;
            var sender = Sender;
            await Task.Yield();
            await Task.Delay(1);
            Assert.Same(sender, Sender);
            Assert.NotNull(Context);
            _busy = false;
            Sender.Tell(number);
        });
    }
}

using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Actors;

public sealed class AsyncTests : TestKitBase
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Messages_wait_while_a_handler_awaits()
    {
        var gate = new TaskCompletionSource();
        var actor = ActorOf(Props.Create(() => new Awaiter(TestActor)));
        actor.Tell(gate.Task);
        actor.Tell("behind");
        ExpectMsg("before the await");
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        gate.SetResult();
        ExpectMsg("after the await");
        ExpectMsg("behind");
    }

    [Fact]
    public void A_failure_after_an_await_is_supervised_with_its_message()
    {
        var gate = new TaskCompletionSource();
        var actor = ActorOf(Props.Create(() => new Awaiter(TestActor)));
        actor.Tell(gate.Task);
        actor.Tell("behind");
        ExpectMsg("before the await");
        gate.SetException(new InvalidOperationException("boom"));
        ExpectMsg<string>(m => m.StartsWith("PreRestart boom Task", StringComparison.Ordinal));
        ExpectMsg("behind");
    }

    [Fact]
    public void A_stop_waits_for_the_handler_and_its_finally_runs_first()
    {
        var gate = new TaskCompletionSource();
        var actor = Watch(ActorOf(Props.Create(() => new Awaiter(TestActor))));
        actor.Tell(gate.Task);
        ExpectMsg("before the await");
        Sys.Stop(actor);
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        gate.SetResult();
        ExpectMsg("after the await");
        ExpectTerminated(actor);
    }

    [Fact]
    public void A_cancelled_handler_fails_the_actor()
    {
        var gate = new TaskCompletionSource();
        var actor = ActorOf(Props.Create(() => new Awaiter(TestActor)));
        EventFilter.Exception<TaskCanceledException>().ExpectOne(() =>
        {
            actor.Tell(gate.Task);
            gate.SetCanceled();
        });
    }

    [Fact]
    public void Children_are_supervised_while_their_parent_awaits()
    {
        var gate = new TaskCompletionSource();
        var parent = ActorOf(Props.Create(() => new AwaitingParent(TestActor)));
        parent.Tell(gate.Task);
        var child = ExpectMsg<IActorRef>();
        child.Tell(new InvalidOperationException("boom"));
        child.Tell("alive");
        ExpectMsg("alive");
        gate.SetResult();
        ExpectMsg("sender kept");
    }

    [Fact]
    public async Task Outside_of_a_turn_there_is_no_context()
    {
        var actor = ActorOf(Props.Create<Leaver>());
        var e = await Assert.ThrowsAsync<NotSupportedException>(
            () => actor.Ask<string>("leave", Patience));
        Assert.Contains("pipe", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_asynchronous_actors_share_few_threads()
    {
        var actors = Enumerable.Range(0, 2_000)
            .Select(_ => ActorOf(Props.Create<Delayer>())).ToList();
        actors.ForEach(a => a.Tell("go"));
        ReceiveN(actors.Count, Patience);
        Assert.True(ThreadPool.ThreadCount < 100, $"{ThreadPool.ThreadCount} threads");
    }

    [Fact]
    public async Task An_ask_fails_in_each_of_its_ways()
    {
        var probe = CreateTestProbe();
        probe.SetAutoPilot(AutoPilot.Of((sender, message) =>
        {
            if (message is not "silence")
                sender.Tell(message);
        }));
        await Assert.ThrowsAsync<ArgumentException>(() => probe.Ref.Ask<int>("text", Patience));
        await Assert.ThrowsAsync<IOException>(
            () => probe.Ref.Ask<int>(new Status.Failure(new IOException("disk")), Patience));
        await Assert.ThrowsAsync<IOException>(
            () => probe.Ref.Ask<int>(new Failure(new IOException("disk")), Patience));
        var late = await Assert.ThrowsAsync<AskTimeoutException>(
            () => probe.Ref.Ask<int>("silence", TimeSpan.FromMilliseconds(20)));
        Assert.Contains(probe.Ref.Path.ToString(), late.Message, StringComparison.Ordinal);
        using var cancelled = new CancellationTokenSource();
        var ask = probe.Ref.Ask<int>("silence", cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ask);
        Assert.IsType<Status.Failure>(
            await probe.Ref.Ask<Status>(new Status.Failure(new IOException()), Patience));
    }

    [Fact]
    public async Task A_pending_ask_is_found_by_its_path_until_it_is_answered()
    {
        var probe = CreateTestProbe();
        var ask = probe.Ref.Ask<string>("question", Patience);
        probe.ExpectMsg("question");
        var path = probe.Sender.Path.ToSerializationFormat();
        Assert.StartsWith("akka://test/temp/", path, StringComparison.Ordinal);
        Sys.ResolveActorRef(path).Tell("answer");
        Assert.Equal("answer", await ask);
        Assert.True(Sys.ResolveActorRef(path).IsTerminated);
        Assert.Equal(0, Sys.Temp.Count);
    }

    [Fact]
    public async Task An_ask_can_carry_its_reply_address()
    {
        var probe = CreateTestProbe();
        var ask = probe.Ref.Ask<string>(self => ("to", self), Patience);
        var (_, replyTo) = probe.ExpectMsg<(string, IActorRef)>();
        replyTo.Tell("done");
        Assert.Equal("done", await ask);
    }

    [Fact]
    public async Task Tasks_are_piped_with_their_outcome()
    {
        await Task.FromResult(1).PipeTo(TestActor);
        ExpectMsg(1);
        await Task.FromResult(2).PipeTo(TestActor, success: i => $"got {i}");
        ExpectMsg("got 2");
        await Task.FromException<int>(new IOException("disk")).PipeTo(TestActor);
        ExpectMsg<Status.Failure>(f => f.Cause is IOException);
        await Task.FromException(new IOException("disk"))
            .PipeTo(TestActor, failure: e => e.Message);
        ExpectMsg("disk");
        await Task.CompletedTask.PipeTo(TestActor, success: () => "done");
        ExpectMsg("done");
        await Task.FromResult<string?>(null).PipeTo(TestActor);
        ExpectMsg<Status.Failure>();
    }

    private sealed class Awaiter : ReceiveActor
    {
        private readonly IActorRef _observer;

        public Awaiter(IActorRef observer)
        {
            _observer = observer;
            ReceiveAsync<Task>(async task =>
            {
                observer.Tell("before the await");
                await task;
                Context.Self.Tell(PoisonPill.Instance, Sender);
                Context.System.EventStream.Publish(Self);
                observer.Tell("after the await");
            });
            ReceiveAny(observer.Tell);
        }

        protected override void PreRestart(Exception reason, object? message)
        {
            _observer.Tell($"PreRestart {reason.Message} {message?.GetType().Name}");
            base.PreRestart(reason, message);
        }
    }

    private sealed class AwaitingParent : ReceiveActor
    {
        public AwaitingParent(IActorRef observer) => ReceiveAsync<Task>(async task =>
        {
            var sender = Sender;
            observer.Tell(Context.ActorOf(Counter.Props()));
            await task;
            observer.Tell(ReferenceEquals(sender, Sender) ? "sender kept" : "sender lost");
        });
    }

    private sealed class Leaver : ReceiveActor
    {
        public Leaver() => ReceiveAsync<string>(async _ =>
        {
            var sender = Sender;
            await Task.Delay(1).ConfigureAwait(false);
            try
            {
                Sender.Tell("no");
            }
            catch (NotSupportedException e)
            {
                sender.Tell(new Status.Failure(e));
            }
        });
    }

    private sealed class Delayer : ReceiveActor
    {
        public Delayer() => ReceiveAsync<string>(async m =>
        {
            await Task.Delay(50);
            Sender.Tell(m);
        });
    }
}

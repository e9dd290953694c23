using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;

namespace NovaCow.Runtime.Tests.Remote;

public sealed class LinkMessageTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_message_reaches_an_exported_actor_and_the_answer_its_sender()
    {
        await using var pair = await LinkPair.StartAsync();
        pair.Right.Export("echo", (message, context) =>
            context.Sender.Tell(new Pong(((Ping)message).Number), context.Self));
        var probe = pair.Left.CreateTestProbe();

        probe.Send(pair.Link.ActorFor("/user/echo"), new Ping(7));

        Assert.Equal(7, probe.ExpectMsg<Pong>().Number);
        Assert.Equal("/user/echo", probe.LastSender.Path.ToStringWithoutAddress());
        // The sender of the answer is a reference of its own, which keeps working.
        probe.Reply(new Ping(8));
        Assert.Equal(8, probe.ExpectMsg<Pong>().Number);
    }

    [Fact]
    public async Task Actors_below_an_exported_one_are_exported_too()
    {
        await using var pair = await LinkPair.StartAsync();
        var probe = pair.Right.CreateTestProbe();
        pair.Right.Export("parent", (message, context) =>
        {
            if (message is Props props)
                context.ActorOf(props, "child");
            context.Sender.Tell("made", context.Self);
        });
        pair.Right.Sys.ResolveActorRef("akka://test/user/parent").Tell(
            Props.Create(() => new LinkedKit.Acting((m, _) => probe.Ref.Tell(m, null))),
            pair.Right.TestActor);
        pair.Right.ExpectMsg("made");

        pair.Link.ActorFor("/user/parent/child").Tell(new Ping(1), null);

        Assert.Equal(1, probe.ExpectMsg<Ping>().Number);
    }

    [Fact]
    public async Task An_ask_is_answered_over_the_link_and_leaves_nothing_behind()
    {
        await using var pair = await LinkPair.StartAsync();
        pair.Right.Export("echo", (message, context) =>
            context.Sender.Tell(new Pong(((Ping)message).Number), context.Self));
        var echo = pair.Link.ActorFor("/user/echo");

        for (var i = 0; i < 5_000; i++)
            Assert.Equal(i, (await echo.Ask<Pong>(new Ping(i), Patience)).Number);

        Assert.InRange(((Link)pair.Link).IntroducedCount, 0, 10);
    }

    [Fact]
    public async Task A_failure_crosses_as_its_type_and_text()
    {
        await using var pair = await LinkPair.StartAsync();
        pair.Right.Export("sick", (_, context) => context.Sender.Tell(
            new Status.Failure(new InvalidOperationException("the disk is full")), null));

        var error = await Assert.ThrowsAsync<RemoteException>(
            () => pair.Link.ActorFor("/user/sick").Ask<Pong>(new Ping(1), Patience));

        Assert.Equal(nameof(InvalidOperationException), error.Type);
        Assert.Equal("the disk is full", error.Message);
    }

    [Fact]
    public async Task A_success_crosses_with_what_it_carries()
    {
        await using var pair = await LinkPair.StartAsync();
        pair.Right.Export("fine", (message, context) => context.Sender.Tell(
            new Status.Success(((Ping)message).Number == 0 ? null : message), null));
        var fine = pair.Link.ActorFor("/user/fine");

        Assert.Null((await fine.Ask<Status.Success>(new Ping(0), Patience)).Status);
        Assert.Equal(
            new Ping(3), (await fine.Ask<Status.Success>(new Ping(3), Patience)).Status);
    }

    [Fact]
    public async Task Each_senders_messages_arrive_in_its_order_whatever_their_sizes()
    {
        const int senders = 4;
        const int each = 20_000;
        await using var pair = await LinkPair.StartAsync(
            left: o => o with { MaxBufferedBytes = int.MaxValue });
        var last = new int[senders];
        var faults = 0;
        var done = new TaskCompletionSource();
        pair.Right.Export("sink", (message, _) =>
        {
            var (number, text) = (Ping)message;
            var sender = number / each;
            if (number % each != last[sender]++ || text.Length != SizeOf(number))
                faults++;
            if (last.Sum() == senders * each)
                done.SetResult();
        });
        var sink = pair.Link.ActorFor("/user/sink");

        await Task.WhenAll(Enumerable.Range(0, senders).Select(s => Task.Run(() =>
        {
            for (var i = 0; i < each; i++)
            {
                var number = (s * each) + i;
                sink.Tell(new Ping(number, new string('x', SizeOf(number))), null);
            }
        })));

        await done.Task.WaitAsync(Patience);
        Assert.Equal(0, faults);

        static int SizeOf(int number) => number % 1_999 == 0 ? 100_000 : number % 50;
    }

    [Fact]
    public async Task Messages_of_the_largest_size_pass_among_small_ones()
    {
        const int limit = 300_000;
        await using var pair = await LinkPair.StartAsync(
            o => o with { MaxMessageBytes = limit }, o => o with { MaxMessageBytes = limit });
        var probe = pair.Right.CreateTestProbe();
        pair.Right.Export("sink", (message, _) => probe.Ref.Tell(message, null));
        var sink = pair.Link.ActorFor("/user/sink");
        var large = new string('x', limit - 100);

        for (var i = 0; i < 2_000; i++)
            sink.Tell(new Ping(i, i % 100 == 0 ? large : "small"), null);

        for (var i = 0; i < 2_000; i++)
            Assert.Equal(i, probe.ExpectMsg<Ping>().Number);
    }

    [Fact]
    public async Task The_sender_stays_itself_when_its_message_comes_back()
    {
        await using var pair = await LinkPair.StartAsync();
        var probe = pair.Left.CreateTestProbe();
        var home = pair.Left.Export(
            "home", (message, context) => probe.Ref.Tell(context.Sender, null));
        IActorRef? homeSeenFromRight = null;
        pair.Right.Export("mirror", (message, context) =>
        {
            homeSeenFromRight ??= context.Sender;
            homeSeenFromRight.Tell(message, context.Sender);
        });
        var mirror = pair.Link.ActorFor("/user/mirror");

        mirror.Tell(new Ping(1), home);

        Assert.Same(home, probe.ExpectMsg<IActorRef>());
    }

    [Fact]
    public async Task A_message_that_is_passed_on_over_a_second_link_is_answered_to_its_sender()
    {
        await using var pair = await LinkPair.StartAsync();
        await using var far = new LinkedKit("far");
        var (sockets, second) = await LinkPair.ConnectAsync(pair.Right, far);
        using var _ = sockets;
        var target = second.ActorFor("/user/echo");
        far.Export("echo", (message, context) =>
            context.Sender.Tell(new Pong(((Ping)message).Number), context.Self));
        pair.Right.Export("proxy", (message, context) => target.Tell(message, context.Sender));
        var probe = pair.Left.CreateTestProbe();

        probe.Send(pair.Link.ActorFor("/user/proxy"), new Ping(5));
        Assert.Equal(5, probe.ExpectMsg<Pong>().Number);
        Assert.Contains("far:", probe.LastSender.Path.ToString());
        probe.Reply(new Ping(6));
        Assert.Equal(6, probe.ExpectMsg<Pong>().Number);

        for (var i = 0; i < 100; i++)
        {
            var asked = pair.Link.ActorFor("/user/proxy").Ask<Pong>(new Ping(i), Patience);
            Assert.Equal(i, (await asked).Number);
        }
        Assert.InRange(((Link)second).IntroducedCount, 0, 10);
    }

    [Fact]
    public async Task A_name_means_whoever_lives_there_now()
    {
        await using var pair = await LinkPair.StartAsync();
        pair.Right.Export("parent", (message, context) =>
        {
            if (context.Child("echo").IsNobody())
                context.ActorOf(Answer(((Ping)message).Number), "echo");
            context.Sender.Tell(new Pong(0), context.Self);
        });
        var parent = pair.Link.ActorFor("/user/parent");
        await parent.Ask<Pong>(new Ping(1), Patience);
        var echo = pair.Link.ActorFor("/user/parent/echo");
        Assert.Equal(1, (await echo.Ask<Pong>(new Ping(0), Patience)).Number);

        await pair.Right.Sys.ResolveActorRef("akka://test/user/parent/echo")
            .GracefulStop(Patience);
        await parent.Ask<Pong>(new Ping(2), Patience);

        await pair.Right.AwaitAssertAsync(async () =>
        {
            await parent.Ask<Pong>(new Ping(2), Patience);
            Assert.Equal(2, (await echo.Ask<Pong>(new Ping(0), Patience)).Number);
        });

        static Props Answer(int number) => Props.Create(() => new LinkedKit.Acting(
            (_, context) => context.Sender.Tell(new Pong(number), context.Self)));
    }

    [Fact]
    public async Task A_process_may_give_a_link_thousands_of_names_and_senders()
    {
        await using var pair = await LinkPair.StartAsync();
        var probe = pair.Right.CreateTestProbe();
        pair.Right.Links.Export("/user/many");
        pair.Right.Export("many", (message, context) =>
        {
            if (message is Props props)
            {
                for (var i = 0; i < 5_000; i++)
                    context.ActorOf(props, $"n{i}");
            }
            probe.Ref.Tell(message, null);
        }).Tell(Props.Create(() => new LinkedKit.Acting(
            (message, context) => context.Sender.Tell(message, context.Self))), null);
        probe.ExpectMsg<Props>();

        for (var i = 0; i < 5_000; i++)
        {
            var sender = pair.Left.CreateTestProbe();
            sender.Send(pair.Link.ActorFor($"/user/many/n{i}"), new Ping(i));
            if (i % 100 == 0)
                Assert.Equal(i, sender.ExpectMsg<Ping>(Patience).Number);
        }
        Assert.True(!pair.Link.Closed.IsCompleted);
    }
}

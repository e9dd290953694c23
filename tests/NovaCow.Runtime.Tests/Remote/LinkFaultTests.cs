using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Remote.Wire;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Remote;

public sealed class LinkFaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_actor_that_is_not_exported_cannot_be_addressed()
    {
        await using var pair = await LinkPair.StartAsync();
        var reached = 0;
        pair.Right.ActorOf(() => new LinkedKit.Acting((_, _) => reached++), "secret");
        var exported = pair.Right.CreateTestProbe();
        pair.Right.Export("secre", (message, _) => exported.Ref.Tell(message, null));

        await pair.Right.EventFilter.DeadLetter<Ping>().ExpectOneAsync(async () =>
        {
            await pair.Right.EventFilter.Warning(contains: "not exported").ExpectOneAsync(() =>
            {
                pair.Link.ActorFor("/user/secret").Tell(new Ping(1), null);
                pair.Link.ActorFor("/user/secre").Tell(new Ping(2), null);
                exported.ExpectMsg<Ping>();
                return Task.CompletedTask;
            });
        });
        Assert.Equal(0, reached);
    }

    [Fact]
    public async Task What_cannot_be_sent_is_a_dead_letter_and_the_link_lives()
    {
        await using var pair = await LinkPair.StartAsync(
            left: o => o with { MaxMessageBytes = 1_000 });
        var probe = pair.Right.CreateTestProbe();
        pair.Right.Export("sink", (message, _) => probe.Ref.Tell(message, null));
        var sink = pair.Link.ActorFor("/user/sink");

        pair.Left.EventFilter.DeadLetter<Unregistered>()
            .ExpectOne(() => sink.Tell(new Unregistered(1), null));
        pair.Left.EventFilter.DeadLetter<Ping>()
            .ExpectOne(() => sink.Tell(new Ping(2, new string('x', 1_001)), null));
        pair.Left.EventFilter.Custom(e => e is AllDeadLetters { Message: PoisonPill })
            .ExpectOne(() => sink.Tell(PoisonPill.Instance, null));
        sink.Tell(new Ping(3), null);

        Assert.Equal(3, probe.ExpectMsg<Ping>().Number);
    }

    [Fact]
    public async Task A_message_of_unknown_kind_is_a_dead_letter_where_it_arrives()
    {
        await using var pair = await LinkPair.StartAsync();
        pair.Left.Serializer.Register<Unregistered>("newer");
        var probe = pair.Right.CreateTestProbe();
        pair.Right.Export("sink", (message, _) => probe.Ref.Tell(message, null));
        var sink = pair.Link.ActorFor("/user/sink");

        await pair.Right.EventFilter.DeadLetter<UnreadableMessage>().ExpectAsync(2, () =>
        {
            pair.Right.EventFilter.Warning(contains: "newer").ExpectOne(() =>
            {
                sink.Tell(new Unregistered(1), null);
                sink.Tell(new Unregistered(2), null);
                sink.Tell(new Ping(3), null);
                Assert.Equal(3, probe.ExpectMsg<Ping>().Number);
            });
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task A_malformed_frame_closes_the_link_with_the_reason()
    {
        await using var kit = new LinkedKit("right");
        using var peer = await RawPeer.DialAsync(kit);

        await peer.SendAsync([(byte)FrameKind.Batch, 0x0f, 0x01]);

        Assert.Contains("unknown type 15", await peer.LinkAtListener.Closed.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_peer_that_is_silent_is_dropped_and_one_that_has_nothing_to_say_is_not()
    {
        var time = new VirtualTimeProvider();
        var second = TimeSpan.FromSeconds(1);
        await using var kit = new LinkedKit(
            "right",
            o => o with { HeartbeatInterval = second, HeartbeatTimeout = TimeSpan.FromHours(1) },
            time);
        using var peer = await RawPeer.DialAsync(kit);

        // It hears the heartbeats, and says nothing.
        byte[] heartbeat = [(byte)FrameKind.Batch];
        for (var i = 0; i < 2; i++)
        {
            var heard = peer.ReceiveAsync();
            await kit.AwaitConditionAsync(() =>
            {
                time.Advance(second);
                return heard.IsCompleted;
            });
            Assert.Equal(heartbeat, await heard);
        }

        Assert.False(peer.LinkAtListener.Closed.IsCompleted);
        time.Advance(TimeSpan.FromHours(1) + second);
        Assert.Contains("was silent", await peer.LinkAtListener.Closed.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_tell_never_waits_for_a_slow_peer_and_the_excess_becomes_dead_letters()
    {
        await using var kit = new LinkedKit("right", o => o with { MaxBufferedBytes = 100_000 });
        using var peer = await RawPeer.DialAsync(kit);
        var sink = peer.LinkAtListener.ActorFor("/user/sink");
        var lost = 0;
        var unsent = 0;
        using var mute = kit.EventFilter.Warning().Mute();
        kit.Sys.EventStream.Subscribe(
            kit.ActorOf(() => new LinkedKit.Acting((_, _) => Interlocked.Increment(ref lost))),
            typeof(DeadLetter));

        // More than the peer's kernel takes, and nobody reads there.
        for (var i = 0; i < 2_000; i++)
            sink.Tell(new Ping(i, new string('x', 10_000)), null);
        await kit.AwaitAssertAsync(() => Assert.InRange(Volatile.Read(ref lost), 1, 1_999));
        unsent = Volatile.Read(ref lost);
        peer.Dispose();
        await peer.LinkAtListener.Closed.WaitAsync(Patience);

        // What waited when the link ended is a dead letter too, and what is told afterwards.
        await kit.AwaitAssertAsync(() => Assert.True(Volatile.Read(ref lost) > unsent));
        kit.EventFilter.DeadLetter<Ping>(p => p.Number == -1)
            .ExpectOne(() => sink.Tell(new Ping(-1), null));
    }

    [Fact]
    public async Task An_ask_fails_at_once_when_its_link_ends()
    {
        await using var pair = await LinkPair.StartAsync();
        var arrived = pair.Right.CreateTestProbe();
        pair.Right.Export("mute", (message, _) => arrived.Ref.Tell(message, null));
        var asked = pair.Link.ActorFor("/user/mute").Ask<Pong>(new Ping(1));
        arrived.ExpectMsg<Ping>();

        pair.Sockets.Dispose();

        await Assert.ThrowsAsync<LinkException>(() => asked.WaitAsync(Patience));
    }

    [Fact]
    public async Task Closing_delivers_what_was_told_before_and_tells_the_peer_why()
    {
        await using var pair = await LinkPair.StartAsync();
        var probe = pair.Right.CreateTestProbe();
        pair.Right.Export("sink", (message, _) => probe.Ref.Tell(message, null));
        pair.Right.Sys.EventStream.Subscribe(pair.Right.TestActor, typeof(LinkDown));
        var sink = pair.Link.ActorFor("/user/sink");

        for (var i = 0; i < 1_000; i++)
            sink.Tell(new Ping(i), null);
        await pair.Link.CloseAsync("enough");

        Assert.Equal(1_000, probe.ReceiveN(1_000).Count);
        Assert.Contains("enough", pair.Right.ExpectMsg<LinkDown>().Reason);
        Assert.Equal("enough", await pair.Link.Closed);
        Assert.Empty(pair.Left.Links.Open);
    }

    [Fact]
    public async Task A_system_that_terminates_closes_its_links()
    {
        await using var pair = await LinkPair.StartAsync();
        await pair.Right.AwaitConditionAsync(() => pair.Right.Links.Open.Count == 1);
        await pair.Right.Sys.Terminate();
        Assert.Contains("right", await pair.Link.Closed.WaitAsync(Patience));
    }
}

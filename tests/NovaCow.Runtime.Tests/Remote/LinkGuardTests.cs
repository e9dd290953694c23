using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;

namespace NovaCow.Runtime.Tests.Remote;

public sealed class LinkGuardTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_peer_that_its_guard_refuses_is_told_why_and_the_log_has_it_once()
    {
        await using var left = new LinkedKit("left");
        await using var right = new LinkedKit("right");
        right.EventFilter.Warning(contains: "left is not right").Expect(1, () =>
        {
            for (var i = 0; i < 3; i++)
                RefuseAsync(left, right).GetAwaiter().GetResult();
        });
    }

    [Fact]
    public async Task A_message_that_the_guard_refuses_is_not_delivered_and_its_asker_is_told()
    {
        await using var left = new LinkedKit("left");
        await using var right = new LinkedKit("right");
        using var mute = right.EventFilter.Warning().Mute();
        var probe = right.CreateTestProbe();
        right.Export("sink", (message, _) => probe.Ref.Tell(message, null));
        using var sockets = await SocketPair.OpenAsync();
        _ = right.Links.AcceptAsync(
            sockets.Listener, new Guard { Message = m => m is Ping { Number: 1 } ? "no ones" : null },
            default);
        var link = await left.Links.ConnectAsync(sockets.Dialler, default);

        var error = await Assert.ThrowsAsync<RemoteException>(
            () => link.ActorFor("/user/sink").Ask<Pong>(new Ping(1)).WaitAsync(Patience));
        Assert.Equal("no ones", error.Message);
        link.ActorFor("/user/sink").Tell(new Ping(2), null);
        Assert.Equal(2, probe.ExpectMsg<Ping>().Number);
    }

    [Fact]
    public async Task A_link_whose_guard_says_so_ends_at_a_heartbeat_with_the_reason()
    {
        await using var left = new LinkedKit("left");
        await using var right = new LinkedKit("right", o => o with
        {
            HeartbeatInterval = TimeSpan.FromMilliseconds(20),
        });
        using var sockets = await SocketPair.OpenAsync();
        var guard = new Guard();
        _ = right.Links.AcceptAsync(sockets.Listener, guard, default);
        var link = await left.Links.ConnectAsync(sockets.Dialler, default);
        guard.End = "its certificate expired";
        Assert.Contains("certificate expired", await link.Closed.WaitAsync(Patience));
    }

    private static async Task RefuseAsync(LinkedKit left, LinkedKit right)
    {
        using var sockets = await SocketPair.OpenAsync();
        var accepting = right.Links.AcceptAsync(
            sockets.Listener, new Guard { Peer = p => $"{p.Name} is not right" }, default);
        var error = await Assert.ThrowsAsync<LinkRefusedException>(
            () => left.Links.ConnectAsync(sockets.Dialler, default));
        Assert.Equal(LinkRefusal.NotWelcome, error.Refusal);
        Assert.Equal("left is not right", error.Message);
        await Assert.ThrowsAsync<LinkRefusedException>(() => accepting);
    }

    private sealed class Guard : ILinkGuard
    {
        public Func<NodeIdentity, string?> Peer { get; init; } = _ => null;

        public Func<object, string?> Message { get; init; } = _ => null;

        public volatile string? End;

        public string? RefusePeer(NodeIdentity peer) => Peer(peer);

        public string? RefuseMessage(object message) => Message(message);

        public string? Ended() => End;
    }
}

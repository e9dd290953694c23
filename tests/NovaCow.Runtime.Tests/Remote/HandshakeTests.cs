using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Remote.Wire;
using NovaCow.Runtime.Tests.Cluster;

namespace NovaCow.Runtime.Tests.Remote;

public sealed class HandshakeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Both_ends_learn_who_the_other_is_and_the_dialler_who_leads()
    {
        await using var left = new LinkedKit("left");
        await using var right = new LinkedKit("right", Lead);
        right.Links.LeaderAddress = "http://right";
        var (sockets, link) = await LinkPair.ConnectAsync(left, right);
        using var _ = sockets;

        Assert.Equal("right", link.Peer.Name);
        Assert.Equal(["control"], link.Peer.Roles);
        Assert.Equal("http://right", link.LeaderAddress);
        Assert.True(link.PeerLeads);
        await right.AwaitConditionAsync(() => right.Links.Open.Count == 1);
        Assert.Equal("left", right.Links.Open.Single().Peer.Name);

        static LinkOptions Lead(LinkOptions o) =>
            o with { Self = o.Self with { Address = "http://right" } };
    }

    [Fact]
    public async Task A_change_of_the_leader_is_told_to_those_who_are_linked()
    {
        await using var pair = await LinkPair.StartAsync();
        pair.Left.Sys.EventStream.Subscribe(pair.Left.TestActor, typeof(LeaderHint));
        await pair.Right.AwaitConditionAsync(() => pair.Right.Links.Open.Count == 1);
        pair.Right.Links.LeaderAddress = "http://other";
        Assert.Equal("http://other", pair.Left.ExpectMsg<LeaderHint>().LeaderAddress);
        Assert.Equal("http://other", pair.Link.LeaderAddress);
        Assert.False(pair.Link.PeerLeads);
    }

    [Theory]
    [InlineData(LinkRefusal.Cluster)]
    [InlineData(LinkRefusal.Self)]
    [InlineData(LinkRefusal.NotWelcome)]
    public async Task A_refusal_is_typed_at_both_ends(LinkRefusal refusal)
    {
        await using var left = new LinkedKit("left", o => refusal switch
        {
            LinkRefusal.Cluster => o with { Self = o.Self with { Cluster = "other" } },
            LinkRefusal.Self => o with { Self = o.Self with { Incarnation = "right-1" } },
            _ => o,
        });
        await using var right = new LinkedKit("right", o => o with
        {
            Refuse = node => refusal == LinkRefusal.NotWelcome ? $"{node} is banned" : null,
        });
        using var sockets = await SocketPair.OpenAsync();
        var accepting = right.Links.AcceptAsync(sockets.Listener, default);

        var atDialler = await Assert.ThrowsAsync<LinkRefusedException>(
            () => left.Links.ConnectAsync(sockets.Dialler, default));
        var atListener = await Assert.ThrowsAsync<LinkRefusedException>(() => accepting);

        Assert.Equal(refusal, atDialler.Refusal);
        Assert.Equal(refusal, atListener.Refusal);
        Assert.Equal(atListener.Message, atDialler.Message);
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(1, 9, true)]
    [InlineData(2, 9, false)]
    [InlineData(0, 0, false)]
    public void Versions_must_overlap_and_the_refusal_names_both(int min, int max, bool fits)
    {
        var self = LinkedKit.OptionsFor("right").Self;
        var hello = new Hello(min, max, LinkedKit.OptionsFor("left").Self, 1_000);
        var refusal = Handshake.Refuse(hello, self);
        Assert.Equal(fits, refusal is null);
        if (!fits)
        {
            Assert.Equal(LinkRefusal.Version, refusal!.Reason);
            Assert.Contains($"{min} to {max}", refusal.Message);
            Assert.Contains($"{Limits.MinVersion} to {Limits.MaxVersion}", refusal.Message);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u0001{}")]
    [InlineData("\u0001[]")]
    [InlineData("\u0001null")]
    [InlineData("\u0002{\"version\":1}")]
    [InlineData("\u0004")]
    [InlineData("GET / HTTP/1.1")]
    public async Task What_is_no_handshake_is_refused(string frame)
    {
        await using var kit = new LinkedKit("right");
        using var sockets = await SocketPair.OpenAsync();
        var accepting = kit.Links.AcceptAsync(sockets.Listener, default);
        var peer = new FrameSocket(sockets.Dialler);
        await peer.SendAsync(System.Text.Encoding.UTF8.GetBytes(frame), default);

        var error = await Assert.ThrowsAsync<LinkRefusedException>(
            () => accepting.WaitAsync(Patience));

        Assert.Equal(LinkRefusal.Malformed, error.Refusal);
        var answer = await peer.ReceiveAsync(Limits.HandshakeBytes, default);
        Assert.IsType<Refusal>(Handshake.Decode(answer!.Value.Span));
    }

    [Fact]
    public async Task A_hello_that_is_too_long_is_refused()
    {
        await using var kit = new LinkedKit("right");
        using var sockets = await SocketPair.OpenAsync();
        var accepting = kit.Links.AcceptAsync(sockets.Listener, default);
        var peer = new FrameSocket(sockets.Dialler);
        await peer.SendAsync(new byte[Limits.HandshakeBytes + 1], default);
        await Assert.ThrowsAsync<LinkRefusedException>(() => accepting.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_peer_that_says_nothing_is_not_waited_for()
    {
        await using var kit = new LinkedKit("right", o => o with
        {
            HandshakeTimeout = TimeSpan.FromMilliseconds(100),
        });
        using var sockets = await SocketPair.OpenAsync();
        await Assert.ThrowsAsync<LinkException>(
            () => kit.Links.AcceptAsync(sockets.Listener, default).WaitAsync(Patience));
        using var others = await SocketPair.OpenAsync();
        await Assert.ThrowsAsync<LinkException>(
            () => kit.Links.ConnectAsync(others.Dialler, default).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_node_is_dialled_by_its_address()
    {
        await using var left = new LinkedKit("left");
        await using var right = new LinkedKit("right");
        using var listener = LinkListener.Open();
        listener.Serve(right.Links);

        var link = await left.Links.DialAsync(new Uri(listener.Address), default);

        Assert.Equal("right", link.Peer.Name);
        await right.AwaitConditionAsync(() => right.Links.Open.Count == 1);
        await link.CloseAsync("done");
        await right.AwaitConditionAsync(() => right.Links.Open.Count == 0);
    }

    [Fact]
    public async Task An_address_where_nobody_is_gives_an_error_that_names_it()
    {
        await using var left = new LinkedKit("left");
        var error = await Assert.ThrowsAsync<LinkException>(
            () => left.Links.DialAsync(new Uri("http://localhost:1"), default));
        Assert.Contains("http://localhost:1", error.Message);
    }
}

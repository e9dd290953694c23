using System.Text;
using System.Text.Json.Nodes;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Remote.Wire;

namespace NovaCow.Runtime.Tests.Remote;

/// <summary>Nodes of an older and a newer version, over real sockets.</summary>
public sealed class VersionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_older_dialler_that_says_less_is_welcome()
    {
        var welcome = Assert.IsType<Welcome>(await SayAsync(hello => hello.Remove("clock")));
        Assert.Equal(Limits.MaxVersion, welcome.Version);
    }

    [Fact]
    public async Task A_newer_dialler_that_says_more_is_welcome_in_the_version_that_both_speak()
    {
        var welcome = Assert.IsType<Welcome>(await SayAsync(hello =>
        {
            hello["maxVersion"] = 7;
            hello["added"] = new JsonObject { ["x"] = 1 };
            hello["node"]!["added"] = "y";
        }));
        Assert.Equal(Limits.MaxVersion, welcome.Version);
    }

    [Fact]
    public async Task A_dialler_of_another_major_version_is_refused_with_both_ranges()
    {
        var refusal = Assert.IsType<Refusal>(await SayAsync(hello =>
        {
            hello["minVersion"] = 8;
            hello["maxVersion"] = 9;
        }));
        Assert.Equal(LinkRefusal.Version, refusal.Reason);
        Assert.Contains("8 to 9", refusal.Message);
        Assert.Contains("upgrade", refusal.Message);
    }

    [Fact]
    public async Task A_newer_listener_that_says_more_is_understood()
    {
        var link = await AnswerAsync(
            """
            {"version":1,"node":{"name":"n","incarnation":"i","new":1},"maxMessageBytes":9000,
            "leaderAddress":null,"x":[]}
            """);
        Assert.Equal("n", link.Peer.Name);
    }

    [Fact]
    public async Task A_listener_that_chose_a_version_which_was_not_offered_is_refused()
    {
        var error = await Assert.ThrowsAsync<LinkRefusedException>(() => AnswerAsync(
            """
            {"version":2,"node":{"name":"n","incarnation":"i"},"maxMessageBytes":9000,
            "leaderAddress":null}
            """));
        Assert.Equal(LinkRefusal.Version, error.Refusal);
    }

    [Fact]
    public async Task A_clock_that_is_off_is_warned_of_once_and_changes_nothing()
    {
        await using var right = new LinkedKit("right");
        await right.EventFilter.Warning(contains: "the clock of left/left-1").ExpectOneAsync(
            async () =>
            {
                for (var i = 0; i < 2; i++)
                {
                    var answer = await SayAsync(
                        hello => hello["clock"] = "2001-01-01T00:00:00+00:00", right);
                    Assert.IsType<Welcome>(answer);
                }
            });
    }

    private static async Task<object> SayAsync(Action<JsonObject> change)
    {
        await using var right = new LinkedKit("right");
        return await SayAsync(change, right);
    }

    private static async Task<object> SayAsync(Action<JsonObject> change, LinkedKit right)
    {
        using var sockets = await SocketPair.OpenAsync();
        var accepting = right.Links.AcceptAsync(sockets.Listener, default);
        var frame = Handshake.Encode(Handshake.HelloOf(LinkedKit.OptionsFor("left")) with
        {
            Clock = right.Sys.TimeProvider.GetUtcNow(),
        });
        var hello = JsonNode.Parse(frame.AsSpan(1))!.AsObject();
        change(hello);
        var peer = new FrameSocket(sockets.Dialler);
        byte[] said = [frame[0], .. Encoding.UTF8.GetBytes(hello.ToJsonString())];
        await peer.SendAsync(said, default);
        var answer = await peer.ReceiveAsync(Limits.HandshakeBytes, default);
        var decoded = Handshake.Decode(answer!.Value.Span);
        sockets.Dispose();
        await accepting.ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(Patience);
        return decoded;
    }

    private static async Task<ILink> AnswerAsync(string welcome)
    {
        await using var left = new LinkedKit("left");
        using var sockets = await SocketPair.OpenAsync();
        var connecting = left.Links.ConnectAsync(sockets.Dialler, default);
        var peer = new FrameSocket(sockets.Listener);
        await peer.ReceiveAsync(Limits.HandshakeBytes, default);
        byte[] answer = [(byte)FrameKind.Welcome, .. Encoding.UTF8.GetBytes(welcome)];
        await peer.SendAsync(answer, default);
        return await connecting.WaitAsync(Patience);
    }
}

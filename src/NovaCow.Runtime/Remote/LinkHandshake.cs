using NovaCow.Runtime.Remote.Wire;

namespace NovaCow.Runtime.Remote;

/// <summary>The first two frames of a link, at either end.</summary>
internal static class LinkHandshake
{
    public static async Task<LinkTerms> AcceptAsync(
        Links links, FrameSocket socket, ILinkGuard? guard, CancellationToken cancellationToken)
    {
        var options = links.Options;
        Hello hello;
        try
        {
            hello = await ReceiveAsync(socket, cancellationToken) as Hello
                ?? throw Handshake.Malformed("no hello");
        }
        catch (LinkRefusedException e)
        {
            await RefuseAsync(socket, new(e.Refusal, e.Message), cancellationToken);
            throw;
        }
        var refusal = Handshake.Refuse(hello, options.Self);
        var why = guard?.RefusePeer(hello.Node) ?? options.Refuse?.Invoke(hello.Node);
        if (refusal is null && why is not null)
            refusal = new(LinkRefusal.NotWelcome, why);
        if (refusal is not null)
        {
            await RefuseAsync(socket, refusal, cancellationToken);
            throw new LinkRefusedException(refusal.Reason, refusal.Message);
        }
        WarnOfClock(links, hello);
        var welcome = Handshake.WelcomeTo(hello, options, links.LeaderAddress);
        await socket.SendAsync(Handshake.Encode(welcome), cancellationToken);
        return new(
            links.NextNumber(), hello.Node, welcome.Version, hello.MaxMessageBytes, null);
    }

    public static async Task<LinkTerms> DialAsync(
        Links links, FrameSocket socket, CancellationToken cancellationToken)
    {
        var hello = Handshake.HelloOf(links.Options) with
        {
            Clock = links.System.TimeProvider.GetUtcNow(),
        };
        await socket.SendAsync(Handshake.Encode(hello), cancellationToken);
        switch (await ReceiveAsync(socket, cancellationToken))
        {
            case Refusal refusal:
                throw new LinkRefusedException(refusal.Reason, refusal.Message);
            case Welcome { Version: >= Limits.MinVersion and <= Limits.MaxVersion } welcome:
                return new(
                    links.NextNumber(),
                    welcome.Node,
                    welcome.Version,
                    welcome.MaxMessageBytes,
                    welcome.LeaderAddress);
            case Welcome welcome:
                throw new LinkRefusedException(
                    LinkRefusal.Version, $"{welcome.Node} chose protocol {welcome.Version}");
            default:
                throw Handshake.Malformed("no welcome");
        }
    }

    // Nothing depends on it, but whoever reads two logs side by side does.
    private static void WarnOfClock(Links links, Hello hello)
    {
        var now = links.System.TimeProvider.GetUtcNow();
        if (hello.Clock is not { } clock || (clock - now).Duration() <= Limits.ClockDifference
            || !links.Told.IsNew($"clock of {hello.Node.Name}"))
        {
            return;
        }

        links.Log.Warning(
            "the clock of {0} says {1:u}, and here it is {2:u}: set the one that is wrong",
            hello.Node, clock, now);
    }

    private static async Task<object> ReceiveAsync(
        FrameSocket socket, CancellationToken cancellationToken)
    {
        try
        {
            var frame = await socket.ReceiveAsync(Limits.HandshakeBytes, cancellationToken);
            return Handshake.Decode(
                (frame ?? throw Handshake.Malformed("the peer hung up")).Span);
        }
        catch (LinkProtocolException e)
        {
            throw Handshake.Malformed(e.Message);
        }
    }

    private static async Task RefuseAsync(
        FrameSocket socket, Refusal refusal, CancellationToken cancellationToken)
    {
        await socket.SendAsync(Handshake.Encode(refusal), cancellationToken);
        await socket.CloseOutputAsync("refused", cancellationToken);
    }
}

using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Remote;

/// <summary>How paths cross a link. They serve to show and to compare; what a peer may address
/// is decided by number or by export, never by what a path looks like.</summary>
internal static class RemotePath
{
    private const string Protocol = "link";

    /// <summary>The root of what is at the other end of a link: the peer's name and the link's
    /// number, so that references of two links differ.</summary>
    public static ActorPath Root(NodeIdentity peer, int link) =>
        ActorPath.CreateRoot(new Address(Protocol, peer.Cluster, peer.Name, link));

    /// <summary>A local actor's path, as its peer will know it. One that is itself remote keeps
    /// the name of its own node in it.</summary>
    public static string ForPeer(IActorRef actor)
    {
        var path = actor.Path;
        var text = path.Address.HasLocalScope
            ? path.ToStringWithoutAddress()
            : $"/{path.Address.Host}:{path.Address.Port}{path.ToStringWithoutAddress()}";
        return path.Uid == ActorPath.UndefinedUid ? text : $"{text}#{path.Uid}";
    }

    /// <summary>Below a root, <c>/a/b#uid</c>.</summary>
    public static ActorPath Under(ActorPath root, string text)
    {
        var (names, uid) = SplitUid(text);
        var path = root;
        foreach (var name in names.Split('/', StringSplitOptions.RemoveEmptyEntries))
            path /= name;
        return path.WithUid(uid);
    }

    public static (string Names, long Uid) SplitUid(string text)
    {
        var hash = text.LastIndexOf('#');
        return hash >= 0 && long.TryParse(text.AsSpan(hash + 1), out var uid)
            ? (text[..hash], uid)
            : (text, ActorPath.UndefinedUid);
    }
}

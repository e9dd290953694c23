namespace NovaCow.Runtime.Remote;

/// <summary>Decides what the peer of one accepted link may do, by what is known of it beside its
/// own words.</summary>
public interface ILinkGuard
{
    /// <summary>The reason not to link with a node that says it is this one; null accepts it.
    /// </summary>
    string? RefusePeer(NodeIdentity peer);

    /// <summary>The reason not to deliver a message; null delivers it.</summary>
    string? RefuseMessage(object message);

    /// <summary>The reason to end the link now; null goes on. Asked at every heartbeat.</summary>
    string? Ended();
}

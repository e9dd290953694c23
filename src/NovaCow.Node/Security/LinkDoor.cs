using NovaCow.Actors.Protocols;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;
using NovaCow.Security;

namespace NovaCow.Node.Security;

/// <summary>
/// Holds a link to the certificate it was made with: a node is who its certificate says, speaks of
/// no host but itself, and a host asks for nothing that is for operators.
/// </summary>
internal sealed class LinkDoor(PeerVerdict verdict, TimeProvider time) : ILinkGuard
{
    /// <summary>What hosts say beside what is about themselves: answers, and whether they are
    /// counted on.</summary>
    private static readonly HashSet<Type> FromAnyHost =
    [
        typeof(SchedulerProtocol.GetHost),
        typeof(SchedulerProtocol.ListFlavors),
        typeof(SchedulerProtocol.FolderScanned),
        typeof(HostProtocol.ScanFailed),
        typeof(Status.Failure),
    ];

    public string? RefusePeer(NodeIdentity peer)
    {
        if (verdict is PeerVerdict.Refused refused)
            return refused.Message;
        var name = (verdict as PeerVerdict.Trusted)?.Name;
        if (name is null || !AccessTable.Opens(Door.Link, name.Role))
            return AccessTable.Why(Door.Link, name);
        if (peer.Name != name.Name)
        {
            return $"the certificate is for {name}, and the node says it is {peer.Name}: give it "
                + $"its own certificate, or correct its novacow.name";
        }

        return name.Role == ClusterRole.Host && peer.Roles.Contains("control")
            ? $"the certificate is for {name}, and the node says it is a control node: give it a "
                + "control certificate (novacow ca issue --role control)"
            : null;
    }

    public string? RefuseMessage(object message)
    {
        if (verdict is not PeerVerdict.Trusted { Name: var name })
            return AccessTable.Why(Door.Link, null);
        if (message is IFromHost said)
        {
            return said.Host.Value == name.Name
                ? null
                : $"the certificate is for {name}, and it says it is host {said.Host}";
        }

        return name.Role == ClusterRole.Control || FromAnyHost.Contains(message.GetType())
            ? null
            : $"the certificate is for {name}, and hosts may not ask for that";
    }

    public string? Ended() =>
        verdict is PeerVerdict.Trusted trusted && trusted.Until < time.GetUtcNow()
            ? $"the certificate of {trusted.Name} expired; a renewed one is taken when it dials "
                + "again"
            : null;
}

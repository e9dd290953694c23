using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Remote;

/// <summary>One long-lived connection to another process. References made by it end with it.
/// </summary>
public interface ILink
{
    NodeIdentity Peer { get; }

    /// <summary>The protocol version that both ends speak.</summary>
    int Version { get; }

    /// <summary>Who leads the cluster as the peer last said; null when it knows nobody.</summary>
    string? LeaderAddress { get; }

    /// <summary>Whether the peer said that it leads.</summary>
    bool PeerLeads { get; }

    /// <summary>Completes with the reason when the link has ended.</summary>
    Task<string> Closed { get; }

    /// <summary>Whoever is at a path at the peer, which must have exported it.</summary>
    /// <param name="path">Such as <c>/user/scheduler</c>.</param>
    IActorRef ActorFor(string path);

    /// <summary>Sends what waits, within bounds, and ends the link.</summary>
    Task CloseAsync(string reason);
}

/// <summary>A link was made. Published on the event stream.</summary>
public sealed record LinkUp(ILink Link);

/// <summary>A link has ended. Published on the event stream.</summary>
public sealed record LinkDown(ILink Link, string Reason);

/// <summary>The peer of a link named another leader. Published on the event stream.</summary>
public sealed record LeaderHint(ILink Link, string? LeaderAddress);

/// <summary>In a dead letter: what arrived over a link and could not be read.</summary>
public sealed record UnreadableMessage(string Manifest, int Bytes, string Reason);

/// <summary>An error that was answered over a link, as its text.</summary>
public sealed class RemoteException(string type, string message) : Exception(message)
{
    /// <summary>The name of the exception's type at the peer.</summary>
    public string Type => type;
}

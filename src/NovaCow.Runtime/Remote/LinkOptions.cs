namespace NovaCow.Runtime.Remote;

/// <summary>The limits and times of links. Every queue and table of a link is bounded here.</summary>
public sealed record LinkOptions
{
    /// <summary>Who this process says it is.</summary>
    public required NodeIdentity Self { get; init; }

    /// <summary>A message that serializes to more is not sent; it becomes a dead letter.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>What may wait to be sent on one link; messages beyond it become dead
    /// letters, because a tell never blocks.</summary>
    public int MaxBufferedBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How many local actors a peer may hold references to, per link; beyond it the
    /// stopped ones and then the oldest are forgotten.</summary>
    public int MaxIntroductions { get; init; } = 65_536;

    /// <summary>How many distinct names and manifests are abbreviated at once, per link.</summary>
    public int MaxInterned { get; init; } = 4_096;

    /// <summary>How many watches a peer may have on this process's actors, per link.</summary>
    public int MaxWatches { get; init; } = 65_536;

    /// <summary>A link that has nothing to send says that it is alive this often.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A peer that is silent for this long is gone.</summary>
    public TimeSpan HeartbeatTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time to connect and to agree on a link.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a link that closes waits for its peer to take what was sent.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);
}

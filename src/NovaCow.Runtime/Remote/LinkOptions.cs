using System.Net.Security;

namespace NovaCow.Runtime.Remote;

/// <summary>Who a process is on its links, and the limits and times of these.</summary>
public sealed record LinkOptions
{
    /// <summary>Who this process says it is.</summary>
    public required NodeIdentity Self { get; init; }

    /// <summary>A message that serializes to more is not sent; it becomes a dead letter.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>What may wait to be sent on one link; messages beyond it become dead
    /// letters, because a tell never blocks.</summary>
    public int MaxBufferedBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>A link that has nothing to send says that it is alive this often.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A peer that is silent for this long is gone.</summary>
    public TimeSpan HeartbeatTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time to connect and to agree on a link.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a link that closes waits for its peer to take what was sent.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How TLS is spoken with a listener that is dialled now; null is the framework's way.
    /// </summary>
    public Func<SslClientAuthenticationOptions>? DialTls { get; init; }

    /// <summary>The reason not to accept a link from a node; null accepts it.</summary>
    public Func<NodeIdentity, string?>? Refuse { get; init; }
}

namespace NovaCow.Runtime.Remote;

/// <summary>A link could not be made or has ended; the message names the peer and the cause.
/// </summary>
public class LinkException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Why two processes do not link.</summary>
public enum LinkRefusal
{
    /// <summary>They have no protocol version in common.</summary>
    Version,

    /// <summary>They belong to different clusters.</summary>
    Cluster,

    /// <summary>A node dialled itself.</summary>
    Self,

    /// <summary>The other side does not want this node.</summary>
    NotWelcome,

    /// <summary>What was said is not a handshake.</summary>
    Malformed,
}

/// <summary>One side refused the link; both sides get this.</summary>
public sealed class LinkRefusedException(LinkRefusal refusal, string message)
    : LinkException(message)
{
    /// <summary>The reason, for programs.</summary>
    public LinkRefusal Refusal { get; } = refusal;
}

/// <summary>What arrived breaks the link's protocol: the link must be closed.</summary>
public sealed class LinkProtocolException(string message) : LinkException(message);

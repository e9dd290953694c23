namespace NovaCow.Security;

/// <summary>What became of a certificate that was looked at.</summary>
public abstract record PeerVerdict
{
    private PeerVerdict()
    {
    }

    /// <summary>There is none.</summary>
    public sealed record Absent : PeerVerdict;

    /// <summary>It is of this cluster, and valid until then.</summary>
    public sealed record Trusted(CertifiedName Name, DateTimeOffset Until) : PeerVerdict;

    /// <summary>It is not to be believed; the message says why, and what to do.</summary>
    public sealed record Refused(string Message) : PeerVerdict;
}

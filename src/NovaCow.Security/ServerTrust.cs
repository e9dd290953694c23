using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NovaCow.Security;

/// <summary>A server is not the control node that was to be reached; the message says why.
/// </summary>
public sealed class ServerNotTrustedException(string message) : AuthenticationException(message);

/// <summary>How whoever dials decides whether it reached a control node of its cluster.</summary>
public static class ServerTrust
{
    /// <summary>A validation callback that passes, or throws what a person can use: the framework
    /// passes an exception on, and of a plain no it says nothing.</summary>
    /// <param name="authority">The cluster's authority.</param>
    /// <param name="time">The clock.</param>
    public static RemoteCertificateValidationCallback Check(
        X509Certificate2 authority, TimeProvider time) =>
        (_, certificate, _, errors) => Problem(
            certificate as X509Certificate2, authority, errors, time.GetUtcNow()) is { } problem
            ? throw new ServerNotTrustedException(problem)
            : true;

    /// <summary>The same for a host that fetches from another: any node of the cluster will do, at
    /// whatever address. What is fetched there is asked for by a token, and judged.</summary>
    public static RemoteCertificateValidationCallback CheckNode(
        X509Certificate2 authority, TimeProvider time) =>
        (_, certificate, _, _) => CertificateJudge.Judge(
            certificate as X509Certificate2, authority, time.GetUtcNow()) switch
        {
            PeerVerdict.Trusted { Name.Role: ClusterRole.Host or ClusterRole.Control } => true,
            PeerVerdict.Trusted { Name: var name } => throw new ServerNotTrustedException(
                $"the server's certificate is for {name}, and only nodes send disks"),
            PeerVerdict.Refused refused => throw new ServerNotTrustedException(
                $"the server is not trusted: {refused.Message}"),
            _ => throw new ServerNotTrustedException("the server presented no certificate"),
        };

    /// <summary>Why a server is not believed; null when it is.</summary>
    public static string? Problem(
        X509Certificate2? certificate,
        X509Certificate2 authority,
        SslPolicyErrors errors,
        DateTimeOffset now) => CertificateJudge.Judge(certificate, authority, now) switch
        {
            PeerVerdict.Refused refused => $"the server is not trusted: {refused.Message}",
            PeerVerdict.Trusted { Name: { Role: not ClusterRole.Control } name } =>
                $"the server's certificate is for {name}, and only control nodes are dialled: is "
                + "the address that of a control node?",
            PeerVerdict.Trusted trusted
                when errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) =>
                $"the server's certificate is for {trusted.Name}, and not for the address that was "
                + "dialled: issue it with --address, or dial an address that it names",
            PeerVerdict.Absent => "the server presented no certificate",
            _ => null,
        };
}

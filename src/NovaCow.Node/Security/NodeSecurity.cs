using System.Net.Security;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using NovaCow.Node.Logging;
using NovaCow.Node.Settings;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Telemetry;
using NovaCow.Security;

namespace NovaCow.Node.Security;

/// <summary>
/// A node's certificates at work: how it listens and dials, whom a connection is from, and the
/// authority where this node has its key.
/// </summary>
internal sealed class NodeSecurity : IDisposable
{
    private const string Source = "security";
    private static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(10);
    private static readonly object VerdictKey = new();

    private readonly NodeLog _log;
    private readonly OncePerCause _told;

    private NodeSecurity(
        CredentialStore store, CertificateAuthority? authority, TlsSettings settings, NodeLog log)
    {
        (Store, Authority, HostLife, _log) = (store, authority, settings.HostLife, log);
        _told = new OncePerCause(Time);
    }

    /// <summary>The node's certificate and key as they are now.</summary>
    public CredentialStore Store { get; }

    /// <summary>The cluster's authority with its key; null where this node does not have it.
    /// </summary>
    public CertificateAuthority? Authority { get; }

    /// <summary>How long a host's certificate is valid that is issued here.</summary>
    public TimeSpan HostLife { get; }

    /// <summary>The clock by which certificates are judged.</summary>
    public TimeProvider Time => TimeProvider.System;

    /// <summary>Reads a node's certificates; null when it has none.</summary>
    /// <exception cref="NodeStartException">They cannot be used, or are not its own.</exception>
    public static NodeSecurity? Open(NodeSettings node, NodeLog log)
    {
        if (node.Tls is not { } tls)
            return null;
        CredentialStore? store = null;
        try
        {
            store = new CredentialStore(
                tls.Paths, TimeProvider.System,
                note => log.Write(Runtime.Actors.LogLevel.InfoLevel, Source, note));
            var role = node.IsControl ? ClusterRole.Control : ClusterRole.Host;
            var wanted = CertifiedName.Of(role, node.Name.Value);
            if (store.Current.Name != wanted)
            {
                throw new SecurityException(
                    $"{tls.Paths.Certificate}: the certificate is for {store.Current.Name}, and "
                        + $"this node is {wanted}: name its own, or correct novacow.name");
            }

            var authority = tls.AuthorityKeyPath is { } key
                ? CertificateAuthority.FromPem(
                    SecretFiles.Read(tls.Paths.Authority), SecretFiles.ReadKey(key))
                : null;
            return new NodeSecurity(store, authority, tls, log);
        }
        catch (SecurityException e)
        {
            store?.Dispose();
            throw new NodeStartException($"novacow.tls: {e.Message}", e);
        }
    }

    /// <summary>How the web server speaks TLS: with the certificate of the moment.</summary>
    public TlsHandshakeCallbackOptions Listen() => new()
    {
        HandshakeTimeout = HandshakeWithin,
        OnConnection = _ => ValueTask.FromResult(ClusterTls.Listen(Store.Current)),
    };

    /// <summary>How control nodes are dialled, with the certificate of the moment.</summary>
    public SslClientAuthenticationOptions Dial() => ClusterTls.Dial(Store.Current, Time);

    /// <summary>How other hosts are dialled, with the certificate of the moment.</summary>
    public SslClientAuthenticationOptions DialNodes() =>
        ClusterTls.DialNodes(() => Store.Current, Time);

    /// <summary>Whom a request is from. Judged once for each connection, and again once the
    /// certificate's time is over.</summary>
    public PeerVerdict Judge(HttpContext context)
    {
        var items = context.Features.Get<IConnectionItemsFeature>()!.Items;
        var now = Time.GetUtcNow();
        if (items.TryGetValue(VerdictKey, out var known)
            && known is PeerVerdict before
            && !(before is PeerVerdict.Trusted trusted && trusted.Until < now))
        {
            return before;
        }

        var verdict = CertificateJudge.Judge(
            context.Connection.ClientCertificate, Store.Current.Authority, now);
        items[VerdictKey] = verdict;
        return verdict;
    }

    /// <summary>What the peer of a link may do.</summary>
    public ILinkGuard GuardOf(HttpContext context) => new LinkDoor(Judge(context), Time);

    /// <summary>Logs a refusal, once per cause.</summary>
    public void Refused(string cause)
    {
        if (_told.IsNew(cause))
            _log.Write(Runtime.Actors.LogLevel.WarningLevel, Source, cause);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Store.Dispose();
        Authority?.Dispose();
    }
}

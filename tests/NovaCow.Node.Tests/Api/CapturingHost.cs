using System.Net.Security;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using NovaCow.Core;
using NovaCow.Node.Api;
using NovaCow.Node.Logging;
using NovaCow.Node.Security;
using NovaCow.Node.Settings;
using NovaCow.Security;
using NovaCow.Storage;
using NovaCow.Storage.Inspection;

namespace NovaCow.Node.Tests.Api;

/// <summary>A store with a disk, what makes images of it, and a web server that offers them; with
/// certificates of a cluster, or without TLS.</summary>
internal sealed class CapturingHost : IAsyncDisposable
{
    private const long DiskBytes = 4 << 20;
    private static readonly InstanceId s_vm = InstanceId.Parse("vm-1");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("novacow-captures-");
    private readonly List<IDisposable> _owned = [];
    private CertificateAuthority? _authority;
    private NodeLog _log = null!;
    private WebApplication _web = null!;
    private HostStore _store = null!;
    private int _fetches;

    public DiskCaptures Captures { get; private set; } = null!;

    public static async Task<CapturingHost> StartAsync(bool isSecure)
    {
        var host = new CapturingHost();
        host._log = new NodeLog(
            host.File("log"), Runtime.Actors.LogLevel.WarningLevel, TimeProvider.System);
        if (isSecure)
        {
            host._authority = host.Own(CertificateAuthority.Create(
                "test", TimeSpan.FromDays(1), DateTimeOffset.UtcNow));
        }

        var security = host.SecurityOf(ClusterRole.Host, "host-1");
        var listen = new Uri($"{(isSecure ? "https" : "http")}://127.0.0.1:0");
        host._web = ApiServer.Create(listen, security, host._log, _ => { });
        CapturesApi.Map(host._web, () => host.Captures);
        var address = await ApiServer.StartAsync(host._web, listen, default);
        host._store = host.Own(HostStore.Open(host.File("store")));
        host.Captures = new DiskCaptures(host._store, new ImageInspector(), address);
        return host;
    }

    /// <summary>Makes an image of a disk with random bytes in it.</summary>
    public async Task<CapturedImage> CaptureAsync()
    {
        var driver = new CopyVolumeDriver(_store, new ImageInspector());
        var blank = new BaseContent.OfBlank(new BlankSpec(DiskBytes, BlankFileSystem.Raw));
        await driver.EnsureBaseAsync(blank, null, null, default);
        var disk = (await driver.EnsureDiskAsync(
            new CloneRequest(s_vm, DiskName.Root, blank.Key(), DiskBytes), null, default)).Value;
        await using (var file = System.IO.File.OpenWrite(disk.Path))
        {
            var bytes = new byte[DiskBytes / 2];
            new Random(1).NextBytes(bytes.AsSpan(4096));
            await file.WriteAsync(bytes);
        }

        return await Captures.CaptureAsync(new CaptureRequest(s_vm, disk, null), null, default);
    }

    public FetchRequest Request(CapturedImage image) => new()
    {
        Source = image.Source,
        DestinationPath = File($"fetched-{_fetches++}"),
        MaxBytes = 1 << 30,
        Expected = image.Digest,
        DisplayName = "captured",
    };

    /// <summary>How somebody with such a certificate dials this host; null: without TLS, or without
    /// a certificate in a cluster that has it.</summary>
    public SslClientAuthenticationOptions? DialAs(ClusterRole? role)
    {
        if (_authority is null)
            return null;
        var own = Credentials.Load(
            Issue(role ?? ClusterRole.Host, "other"), DateTimeOffset.UtcNow);
        var tls = ClusterTls.DialNodes(() => own, TimeProvider.System);
        if (role is null)
            tls.LocalCertificateSelectionCallback = null;
        return tls;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync();
        await _web.DisposeAsync();
        _owned.Reverse();
        _owned.ForEach(o => o.Dispose());
        _log.Dispose();
        _folder.Delete(recursive: true);
    }

    private NodeSecurity? SecurityOf(ClusterRole role, string name)
    {
        if (_authority is null)
            return null;
        var paths = Issue(role, name);
        return Own(NodeSecurity.Open(
            SettingsReader.Load(null, $$"""
                novacow.name = {{name}}
                novacow.roles = [host]
                novacow.api.listen = "https://127.0.0.1:7600"
                novacow.tls {
                  ca = {{Quoted(paths.Authority)}}
                  certificate = {{Quoted(paths.Certificate)}}
                  key = {{Quoted(paths.Key)}}
                }
                """),
            _log)!);
    }

    private CredentialPaths Issue(ClusterRole role, string name)
    {
        var (certificate, key) = _authority!.Issue(
            new CertificateTerms(CertifiedName.Of(role, name), [], TimeSpan.FromHours(1)),
            DateTimeOffset.UtcNow);
        var stem = File($"{role}-{name}");
        var paths = new CredentialPaths($"{stem}.ca", $"{stem}.crt", $"{stem}.key");
        SecretFiles.Write(paths.Authority, _authority.Certificate.ExportCertificatePem());
        SecretFiles.Write(paths.Certificate, certificate);
        SecretFiles.Write(paths.Key, key);
        return paths;
    }

    private string File(string name) => Path.Combine(_folder.FullName, name);

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private static string Quoted(string text) => JsonSerializer.Serialize(text);
}

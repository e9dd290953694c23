using System.Net.Security;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>
/// Fetches images that other hosts of the cluster made of disks:
/// <c>peer+https://host:port/v1/captures/&lt;digest&gt;</c>, or <c>peer+http</c> in a cluster
/// without TLS. Resumes and tries again as any fetch over HTTP does.
/// </summary>
/// <remarks>Which hosts images may come from is not asked here: a peer URI leads to nothing but a
/// captured image, whose digest is in the URI and must be the one that is expected, and a redirect
/// is followed nowhere. Such an image cannot be registered by hand, only by a capture.</remarks>
public sealed class PeerImageSource : IImageSource, IDisposable
{
    private const string Prefix = "peer+";
    private const string Folder = "/v1/captures/";

    private readonly HttpImageSource _http;

    /// <param name="options">The bounds; its hosts and redirects are not used.</param>
    /// <param name="tls">How other hosts are dialled; null: with this machine's own trust.</param>
    /// <param name="time">What pauses and time-outs go by.</param>
    public PeerImageSource(
        HttpImageOptions? options = null,
        SslClientAuthenticationOptions? tls = null,
        TimeProvider? time = null)
    {
        var handler = HttpImageSource.CreateHandler();
        handler.UseProxy = false;
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        if (tls is not null)
            handler.SslOptions = tls;
        _http = new HttpImageSource(
            (options ?? new HttpImageOptions()) with { AllowedHosts = [], MaxRedirects = 0 },
            time ?? TimeProvider.System,
            Random.Shared,
            handler);
    }

    /// <inheritdoc/>
    public bool Handles(Uri source) =>
        source.IsAbsoluteUri && source.Host.Length > 0
            && source.Scheme is Prefix + "http" or Prefix + "https";

    /// <inheritdoc/>
    public async Task<FetchedImage> FetchAsync(
        FetchRequest request,
        IProgress<FetchProgress>? progress,
        CancellationToken cancellationToken)
    {
        var source = request.Source;
        if (!Handles(source) || request.Expected is not { } digest || !Names(source, digest))
        {
            throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"image {request.DisplayName}: {SafeUri.Display(source)} is no image with the "
                    + $"digest {request.Expected?.Value ?? "that is still to be found"} on "
                    + $"another host; expected {Prefix}https://HOST:PORT{Folder}DIGEST, as a capture gives it");
        }

        var plain = new UriBuilder(source) { Scheme = source.Scheme[Prefix.Length..] };
        return await _http.FetchAsync(
            request with { Source = plain.Uri }, progress, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static bool Names(Uri source, Digest digest) =>
        source is { UserInfo: "", Query: "", Fragment: "" }
            && source.AbsolutePath == $"{Folder}{digest}";
}

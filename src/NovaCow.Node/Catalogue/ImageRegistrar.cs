using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Node.Api;
using NovaCow.Node.Settings;

namespace NovaCow.Node.Catalogue;

/// <summary>
/// Computes what a catalogue entry needs and the request does not say: fetches the source once into
/// the control node's staging, and judges it. It keeps nothing.
/// </summary>
internal sealed class ImageRegistrar(
    IImageSource source, IImageInspector inspector, ImageSettings settings, string stagingPath)
{
    private long _sequence;

    /// <summary>The entry to register.</summary>
    /// <exception cref="ApiException">The request is wrong.</exception>
    /// <exception cref="PortException">The source cannot be fetched, or is refused.</exception>
    public async Task<Image> ComputeAsync(RegisterImageRequest request, CancellationToken ct)
    {
        var name = Parse.Id<ImageName>("name", request.Name);
        var uri = ParseSource(request.Source);
        var digest = Parse.OptionalId<Digest>("digest", request.Digest);
        var format = Parse.OptionalEnum<DiskFormat>("format", request.Format);
        if (request.MinDiskBytes is < 0)
            throw ApiException.Invalid($"minDiskBytes {request.MinDiskBytes}: expected 0 or more");
        Directory.CreateDirectory(stagingPath);
        var file = Path.Combine(stagingPath, $"{name}.{Interlocked.Increment(ref _sequence)}");
        try
        {
            var fetch = new FetchRequest
            {
                Source = uri,
                DestinationPath = file,
                MaxBytes = settings.MaxDownloadBytes,
                Expected = digest,
                DisplayName = name.Value,
            };
            var fetched = await source.FetchAsync(fetch, null, ct);
            var accepted = await JudgeAsync(name, fetched, format, ct);
            return new Image
            {
                Name = name,
                Source = uri,
                Digest = fetched.Digest,
                Format = accepted.Format,
                SizeBytes = fetched.SizeBytes,
                VirtualSizeBytes = accepted.VirtualSizeBytes,
                MinDiskBytes = Math.Max(request.MinDiskBytes ?? 0, accepted.VirtualSizeBytes),
            };
        }
        finally
        {
            foreach (var left in new[] { file, $"{file}.part", $"{file}.part.json" })
                File.Delete(left);
        }
    }

    private async Task<InspectionVerdict.Accepted> JudgeAsync(
        ImageName name, FetchedImage fetched, DiskFormat? format, CancellationToken ct) =>
        await inspector.InspectAsync(fetched.Path, format, ct) switch
        {
            InspectionVerdict.Accepted accepted => accepted,
            InspectionVerdict.Refused refused => throw PortException.Final(
                LaunchErrorCode.UnsafeImage, $"image {name}: {refused.Rule}: {refused.Reason}"),
            var other => throw new InvalidOperationException($"unknown verdict {other}"),
        };

    private Uri ParseSource(string text)
    {
        var uri = Path.IsPathFullyQualified(text)
            ? new UriBuilder { Scheme = Uri.UriSchemeFile, Host = "", Path = text }.Uri
            : Uri.TryCreate(text, UriKind.Absolute, out var parsed) ? parsed : null;
        return uri is not null && source.Handles(uri)
            ? uri
            : throw ApiException.Invalid(
                $"source '{text}': expected an absolute path, or a file:, http: or https: URL");
    }
}

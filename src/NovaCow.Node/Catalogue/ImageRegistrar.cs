using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Images;
using NovaCow.Node.Api;
using NovaCow.Node.Settings;

namespace NovaCow.Node.Catalogue;

/// <summary>An image that is being registered came further; on the node's event stream.</summary>
internal sealed record RegistrationProgress(ImageName Name, FetchProgress Fetch);

/// <summary>
/// Computes what a catalogue entry needs and the request does not say: fetches the source once into
/// a folder of its own, and judges it. It keeps nothing, and clears away what an earlier life of
/// the process left.
/// </summary>
internal sealed class ImageRegistrar
{
    /// <summary>Images that are looked at at one time; more are refused as Busy.</summary>
    public const int MaxAtOnce = 8;

    private const UnixFileMode Private =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly IImageSource _source;
    private readonly IImageInspector _inspector;
    private readonly ImageSettings _settings;
    private readonly Action<RegistrationProgress> _onProgress;
    private readonly string _folder;
    private readonly SemaphoreSlim _places = new(MaxAtOnce);
    private long _sequence;

    public ImageRegistrar(
        IImageSource source,
        IImageInspector inspector,
        ImageSettings settings,
        string stagingPath,
        Action<RegistrationProgress> onProgress)
    {
        (_source, _inspector, _settings) = (source, inspector, settings);
        _onProgress = onProgress;
        var all = Path.Combine(stagingPath, "registering");
        _folder = Path.Combine(all, Environment.ProcessId.ToString());
        RemoveLeftovers(all);
    }

    /// <summary>The entry to register.</summary>
    /// <exception cref="ApiException">The request is wrong.</exception>
    /// <exception cref="PortException">The source cannot be fetched, or is refused.</exception>
    public async Task<Image> ComputeAsync(RegisterImageRequest request, CancellationToken ct)
    {
        var name = Parse.Id<ImageName>("name", request.Name);
        var uri = ParseSource(request.Source);
        var digest = Parse.OptionalId<Digest>("digest", request.Digest);
        var format = Parse.OptionalEnum<DiskFormat>("format", request.Format);
        var said = ReadSaid(request);
        if (request.MinDiskBytes is < 0)
            throw ApiException.Invalid($"minDiskBytes {request.MinDiskBytes}: expected 0 or more");
        if (!await _places.WaitAsync(TimeSpan.Zero, ct))
        {
            throw ApiException.Of(new RequestError(
                RequestErrorCode.Busy,
                $"image {name}: {MaxAtOnce} images are being registered; try again later"));
        }

        var work = Path.Combine(_folder, $"{Interlocked.Increment(ref _sequence)}");
        try
        {
            Directory.CreateDirectory(work, Private);
            var fetch = new FetchRequest
            {
                Source = uri,
                DestinationPath = Path.Combine(work, "image"),
                MaxBytes = _settings.MaxDownloadBytes,
                Expected = digest,
                DisplayName = name.Value,
            };
            var progress = new Relay(p => _onProgress(new RegistrationProgress(name, p)));
            var fetched = await _source.FetchAsync(fetch, progress, ct);
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
                OsType = said.OsType,
                Kernel = said.Kernel,
                Ramdisk = said.Ramdisk,
                KernelArguments = request.KernelArguments,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PortException.Retryable(
                LaunchErrorCode.InsufficientStorage,
                $"image {name}: {_folder} cannot be written: {e.Message} novacow.control.staging "
                    + "names the place",
                e);
        }
        finally
        {
            if (Directory.Exists(work))
                Directory.Delete(work, recursive: true);
            _places.Release();
        }
    }

    private static Said ReadSaid(RegisterImageRequest request)
    {
        if (request.KernelArguments is { } text && KernelCommandLine.Problem(text) is { } problem)
            throw ApiException.Invalid($"kernelArguments {problem}");
        return new Said(
            Parse.OptionalId<OsType>("osType", request.OsType),
            Parse.OptionalId<ImageName>("kernel", request.Kernel),
            Parse.OptionalId<ImageName>("ramdisk", request.Ramdisk));
    }

    /// <summary>What only a person can say of an image: its bytes do not.</summary>
    private sealed record Said(OsType? OsType, ImageName? Kernel, ImageName? Ramdisk);

    /// <summary>Removes what processes left that are no more; one of them may have had this one's
    /// number.</summary>
    private void RemoveLeftovers(string all)
    {
        if (!Directory.Exists(all))
            return;
        foreach (var left in Directory.EnumerateDirectories(all))
        {
            if (left == _folder || !Directory.Exists(Path.Combine("/proc", Path.GetFileName(left))))
                Directory.Delete(left, recursive: true);
        }
    }

    private async Task<InspectionVerdict.Accepted> JudgeAsync(
        ImageName name, FetchedImage fetched, DiskFormat? format, CancellationToken ct) =>
        await _inspector.InspectAsync(fetched.Path, format, ct) switch
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
        return uri is not null && _source.Handles(uri)
            ? uri
            : throw ApiException.Invalid(
                $"source {Shown(text, uri)}: expected an absolute path, or a file:, http: or "
                    + "https: URL");
    }

    private sealed class Relay(Action<FetchProgress> onReport) : IProgress<FetchProgress>
    {
        public void Report(FetchProgress value) => onReport(value);
    }

    /// <summary>What was given, without the secrets that it may carry.</summary>
    private static string Shown(string text, Uri? uri) =>
        uri is not null ? $"'{SafeUri.Display(uri)}'"
            : text.Contains('@', StringComparison.Ordinal) ? "with '@'" : $"'{text}'";
}

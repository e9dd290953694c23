using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// The steps by which one base is made, each of them a task that ends with a value or a
/// <see cref="PortException"/>. It holds no state of the base's life: its actor does.
/// </summary>
internal sealed class BaseBuild(
    HostSettings host, BaseContent content, PaceMeter paces, TimeProvider time)
{
    private readonly BaseKey _key = content.Key();

    /// <summary>Fetches the image to its place among the downloads.</summary>
    public async Task<FetchedImage> FetchAsync(
        Image image, Action<FetchProgress> progress, CancellationToken cancellationToken)
    {
        var source = host.Sources.FirstOrDefault(s => s.Handles(image.Source))
            ?? throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"image {image.Name}: this host fetches nothing by '{image.Source.Scheme}:'; "
                    + "register the image from a source that it knows");
        if (image.SizeBytes > host.Limits.MaxImageBytes)
        {
            throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"image {image.Name}: {image.SizeBytes} bytes are more than this host fetches "
                    + $"({host.Limits.MaxImageBytes}); raise its limit or use a smaller image");
        }

        var request = new FetchRequest
        {
            Source = image.Source,
            DestinationPath = host.Store.IncomingPath(_key),
            MaxBytes = image.SizeBytes,
            Expected = image.Digest,
            DisplayName = image.Name.Value,
        };
        var begun = time.GetTimestamp();
        paces.BeginFetch();
        FetchedImage? fetched = null;
        try
        {
            fetched = await source.FetchAsync(
                request,
                new ThrottledProgress<FetchProgress>(time, host.Limits.ProgressEvery, progress),
                cancellationToken);
            return fetched;
        }
        finally
        {
            paces.EndFetch(
                image.SourceKey(), fetched?.TransferredBytes ?? 0, time.GetElapsedTime(begun));
        }
    }

    /// <summary>Judges the fetched image, and holds it against the catalogue.</summary>
    public async Task InspectAsync(
        Image image, string path, CancellationToken cancellationToken)
    {
        var verdict = await host.Inspector.InspectAsync(path, image.Format, cancellationToken);
        switch (verdict)
        {
            case InspectionVerdict.Refused refused:
                throw PortException.Final(
                    LaunchErrorCode.UnsafeImage,
                    $"image {image.Name}: refused by rule '{refused.Rule}': {refused.Reason}");
            case InspectionVerdict.Accepted accepted when accepted.Format != image.Format:
                throw PortException.Final(
                    LaunchErrorCode.UnsafeImage,
                    $"image {image.Name}: the catalogue says {Name(image.Format)}, the bytes are "
                        + $"{Name(accepted.Format)}; register it again with its real format");
            case InspectionVerdict.Accepted accepted
                when accepted.VirtualSizeBytes != image.VirtualSizeBytes:
                throw PortException.Final(
                    LaunchErrorCode.UnsafeImage,
                    $"image {image.Name}: the catalogue says {image.VirtualSizeBytes} bytes of "
                        + $"virtual size, the image {accepted.VirtualSizeBytes}; register it "
                        + "again");
        }

        static string Name(DiskFormat format) => format.ToString().ToLowerInvariant();
    }

    /// <summary>Makes and publishes the base itself.</summary>
    /// <param name="imagePath">The fetched image; null for a blank base.</param>
    /// <param name="isAnew">Whether what is there under its key is removed first.</param>
    /// <param name="progress">Bytes written so far.</param>
    /// <param name="cancellationToken">Gives up and leaves nothing.</param>
    public async Task<Ensured<BaseVolume>> EnsureAsync(
        string? imagePath,
        bool isAnew,
        Action<long> progress,
        CancellationToken cancellationToken)
    {
        var driver = host.Drivers.Default;
        if (isAnew)
            await driver.DeleteBaseAsync(_key, cancellationToken);
        return await driver.EnsureBaseAsync(
            content,
            imagePath,
            new ThrottledProgress<long>(time, host.Limits.ProgressEvery, progress),
            cancellationToken);
    }

    /// <summary>Removes the download; what cannot be removed now is removed at the next start.
    /// </summary>
    public Task DiscardAsync() => host.Store.DiscardIncomingAsync(_key, CancellationToken.None);
}

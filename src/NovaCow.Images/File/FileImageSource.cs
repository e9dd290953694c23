using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>Where local images may be.</summary>
public sealed record FileImageOptions
{
    /// <summary>The configuration key of <see cref="Roots"/>, as errors name it.</summary>
    public const string RootsKey = "novacow.images.file.roots";

    /// <summary>The directories below which images may be; none: no file may be read.</summary>
    public required IReadOnlyList<string> Roots { get; init; }
}

/// <summary>
/// Copies an image from this host's file system: regular files below the configured roots, links
/// resolved first. Shares blocks with the original where the file system can. Never opens
/// anything else, and never resumes: a local copy starts over.
/// </summary>
public sealed class FileImageSource(FileImageOptions options, TimeProvider? time = null)
    : IImageSource
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <inheritdoc/>
    public bool Handles(Uri source) => source is { IsAbsoluteUri: true, IsFile: true };

    /// <inheritdoc/>
    public async Task<FetchedImage> FetchAsync(
        FetchRequest request,
        IProgress<FetchProgress>? progress,
        CancellationToken cancellationToken)
    {
        var gauge = new FetchProgressGauge(progress, _time);
        using var source = AllowedFile.Open(request, options.Roots);
        var before = Posix.StatusOf(source);
        if (before.SizeBytes > request.MaxBytes)
            throw SourceErrors.TooLarge(request, before.SizeBytes);
        if (await EarlierDownload.FindAsync(request, gauge, cancellationToken) is { } found)
            return found;

        await using var part = PartialFile.Open(request);
        try
        {
            await part.RestartAsync();
            var size = before.SizeBytes;
            if (!await part.TryCloneAsync(source, size, gauge, cancellationToken))
                await CopyAsync(part, source, size, gauge, cancellationToken);
            if (part.ReceivedBytes != size || Posix.StatusOf(source) != before)
                throw Changed(request);
            return await part.PublishAsync();
        }
        catch (SourceReadException e)
        {
            throw Unreadable(request, e);
        }
        finally
        {
            part.Discard();
        }
    }

    private static async Task CopyAsync(
        PartialFile part,
        SafeFileHandle source,
        long size,
        FetchProgressGauge gauge,
        CancellationToken cancellationToken)
    {
        var checkpoints = new Checkpoints(Checkpoints.DefaultBytes, part.SyncAsync);
        try
        {
            while (part.ReceivedBytes < size)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var buffer = await part.RentAsync(cancellationToken);
                var wanted = (int)Math.Min(buffer.Length, size - part.ReceivedBytes);
                var count = await ReadAsync(source, buffer[..wanted], part.ReceivedBytes);
                if (count == 0)
                    return;
                await part.CommitAsync(buffer, count);
                await checkpoints.TakeIfDueAsync(part.ReceivedBytes);
                gauge.Report(part.ReceivedBytes, size);
            }
        }
        finally
        {
            await checkpoints.FinishAsync();
        }
    }

    private static async Task<int> ReadAsync(SafeFileHandle file, Memory<byte> buffer, long at)
    {
        try
        {
            return await RandomAccess.ReadAsync(file, buffer, at);
        }
        catch (IOException e)
        {
            throw new SourceReadException(at, e);
        }
    }

    private static PortException Unreadable(FetchRequest request, SourceReadException e) =>
        PortException.Retryable(
            LaunchErrorCode.ImageSource,
            $"image {request.DisplayName}: cannot read {request.Source.LocalPath} at byte "
                + $"{e.At}: {e.InnerException!.Message}; check its disk",
            e.InnerException);

    private static PortException Changed(FetchRequest request) =>
        PortException.Retryable(
            LaunchErrorCode.ImageSource,
            $"image {request.DisplayName}: {request.Source.LocalPath} changed while it was read; "
                + "write images under another name and rename them when they are whole");

    private sealed class SourceReadException(long at, IOException cause)
        : Exception(cause.Message, cause)
    {
        public long At { get; } = at;
    }
}

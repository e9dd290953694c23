using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Fills a private folder with a base's data: an inspected image as a raw file, or a formatted
/// blank disk. It publishes nothing, and what it leaves on failure is its caller's to remove.
/// </summary>
/// <remarks>Tools work in a folder of their own below, which belongs to the sandbox's user, and
/// their result is taken out of it before anything trusts it.</remarks>
internal sealed class BaseBuilder(
    HostStore store, IImageInspector inspector, Sandbox sandbox)
{
    private const string WorkFolder = "work";
    private const string SourceFile = "source";
    private const uint ReadableByAll = 0x124;

    private readonly StoreFiles _files = store.Files;
    private readonly QemuImg _qemuImg = new(sandbox);
    private readonly BlankFormatter _formatter = new(sandbox);

    public Task FillAsync(
        BaseContent content,
        string? imagePath,
        string folder,
        IProgress<long>? progress,
        CancellationToken token) => content switch
        {
            BaseContent.OfBlank blank => FillBlankAsync(blank.Blank, folder, token),
            BaseContent.OfImage image => FillFromImageAsync(
                image.Image,
                imagePath ?? throw new ArgumentNullException(nameof(imagePath)),
                folder,
                progress,
                token),
            _ => throw new ArgumentOutOfRangeException(nameof(content)),
        };

    private async Task FillBlankAsync(BlankSpec blank, string folder, CancellationToken token)
    {
        if (blank.SizeBytes <= 0 || blank.SizeBytes % RawFile.SectorBytes != 0)
        {
            throw PortException.Final(
                LaunchErrorCode.VolumeDriver,
                $"blank disk of {blank.SizeBytes} bytes: its size must be a positive multiple of "
                    + $"{RawFile.SectorBytes}; correct the flavor");
        }

        var user = await sandbox.UserAsync();
        var work = Path.Combine(folder, WorkFolder);
        var data = Path.Combine(work, StoreLayout.BaseFile);
        await RunAsync(
            () =>
            {
                MakeWork(work, user);
                using (var file = _files.Create(data))
                    _files.SetLength(file, data, blank.SizeBytes);
                if (user is { } them)
                    _files.SetOwner(data, them.Uid, them.Gid);
            },
            token);
        _files.Step("format", data);
        await _formatter.FormatAsync(blank, work, StoreLayout.BaseFile, token);
        await RunAsync(() => TakeResult(work, folder, blank.SizeBytes), token);
    }

    private async Task FillFromImageAsync(
        Image image,
        string path,
        string folder,
        IProgress<long>? progress,
        CancellationToken token)
    {
        await InspectAsync(image, path, image.Format, token);
        var data = Path.Combine(folder, StoreLayout.BaseFile);
        if (image.Format.IsBootFile())
        {
            await RunAsync(() => Place(path, data, unit: 1, progress, token), token);
            return;
        }

        if (image.Format is DiskFormat.Raw or DiskFormat.Iso)
        {
            await RunAsync(
                () =>
                {
                    PlaceRaw(path, data, progress, token);
                    BaseExtents.Gather(_files, data, token);
                },
                token);
            return;
        }

        await ConvertAsync(image, path, folder, progress, token);

        // A disk may hold the bytes of another format, as a guest can write them: such a base would
        // be dangerous to every tool that ever probed it.
        await InspectAsync(image, data, declared: null, token);
        await RunAsync(() => BaseExtents.Gather(_files, data, token), token);
    }

    private async Task ConvertAsync(
        Image image,
        string path,
        string folder,
        IProgress<long>? progress,
        CancellationToken token)
    {
        var user = await sandbox.UserAsync();
        var work = Path.Combine(folder, WorkFolder);
        await RunAsync(
            () =>
            {
                MakeWork(work, user);
                var source = Path.Combine(work, SourceFile);
                Place(path, source, RawFile.SectorBytes, progress: null, token);
                if (user is not null)
                    _files.SetMode(source, ReadableByAll);
            },
            token);
        _files.Step("convert", work);
        await _qemuImg.CheckAgreesAsync(image, work, SourceFile, token);
        await _qemuImg.ConvertAsync(
            image, work, (SourceFile, StoreLayout.BaseFile), progress, token);
        var size = RawFile.WholeSectors(image.VirtualSizeBytes);
        await RunAsync(() => TakeResult(work, folder, size), token);
    }

    private async Task InspectAsync(
        Image image, string path, DiskFormat? declared, CancellationToken token)
    {
        InspectionVerdict verdict;
        try
        {
            verdict = await inspector.InspectAsync(path, declared, token);
        }
        catch (ImageInspectionException e)
        {
            throw PortException.Retryable(
                LaunchErrorCode.VolumeDriver, $"image {image.Name}: {e.Message}", e);
        }

        var isResult = declared is null;
        var (rule, reason) = verdict switch
        {
            InspectionVerdict.Refused refused => (refused.Rule, refused.Reason),
            InspectionVerdict.Accepted ok when isResult && !IsPlain(ok.Format) =>
                ("nested image", $"the disk inside is itself an image in {ok.Format} format"),
            InspectionVerdict.Accepted ok when SizeOf(image.Format, ok.VirtualSizeBytes)
                != SizeOf(image.Format, image.VirtualSizeBytes) =>
                ("size", $"a disk of {ok.VirtualSizeBytes} bytes, not {image.VirtualSizeBytes}"),
            _ => ("", ""),
        };
        if (rule.Length > 0)
        {
            throw PortException.Final(
                LaunchErrorCode.UnsafeImage,
                $"image {image.Name}: refused{(isResult ? " after conversion" : "")} "
                    + $"by the rule '{rule}': {reason}");
        }
    }

    private static bool IsPlain(DiskFormat format) => format is DiskFormat.Raw or DiskFormat.Iso;

    /// <summary>The length of a base of so many bytes.</summary>
    private static long SizeOf(DiskFormat format, long bytes) =>
        format.IsBootFile() ? bytes : RawFile.WholeSectors(bytes);

    private void PlaceRaw(
        string from, string to, IProgress<long>? progress, CancellationToken token)
    {
        Place(from, to, RawFile.SectorBytes, progress, token);
        using var file = _files.OpenToWrite(to);
        var bytes = StoreFiles.Stat(file, to).Size;
        if (bytes != RawFile.WholeSectors(bytes))
            _files.SetLength(file, to, RawFile.WholeSectors(bytes));
        RawFile.DigHoles(_files, file, to, token);
        progress?.Report(bytes);
    }

    /// <summary>
    /// Gives a download of this store a second name, which costs nothing; copies a file that is
    /// somebody else's too, or whose length is no multiple of the unit, in bytes.
    /// </summary>
    private void Place(
        string from, string to, int unit, IProgress<long>? progress, CancellationToken token)
    {
        var isOurs = Path.GetDirectoryName(from) == store.Layout.Incoming
            && StoreFiles.TryStat(from, out var stat)
            && stat is { IsFile: true, LinkCount: 1 }
            && stat.Uid == LibC.geteuid()
            && stat.Size % unit == 0;
        if (!isOurs || !_files.TryLink(from, to))
            RawFile.Copy(_files, from, to, progress, token);
    }

    private void MakeWork(string work, (uint Uid, uint Gid)? user)
    {
        _files.MakeDirectory(work);
        if (user is { } them)
            _files.SetOwner(work, them.Uid, them.Gid);
    }

    private void TakeResult(string work, string folder, long expectedBytes)
    {
        var from = Path.Combine(work, StoreLayout.BaseFile);
        var to = Path.Combine(folder, StoreLayout.BaseFile);
        _files.Rename(from, to);
        _files.SetOwner(to, LibC.geteuid(), LibC.getegid());
        var isOurs = StoreFiles.TryStat(to, out var stat) && stat is { IsFile: true, LinkCount: 1 };
        if (!isOurs || stat.Size != expectedBytes)
        {
            throw PortException.Final(
                LaunchErrorCode.UnsafeImage,
                $"{to}: the tool left {stat.Size} bytes with mode {stat.Mode:x} and "
                    + $"{stat.LinkCount} names, not a file of {expectedBytes} bytes; "
                    + "it was removed");
        }

        _files.SetMode(to, StoreFiles.PrivateFile);
        _files.DeleteTree(work);
    }

    private Task RunAsync(Action work, CancellationToken token) =>
        store.RunAsync("the base's data", work, token);
}

using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Changes an instance disk that nobody has open: grows it, or puts another volume with the same
/// bytes in its place. See <see cref="DiskVolumes"/> for what a crash leaves.
/// </summary>
internal sealed class LvmChanges(LvmContext context, LvmBases bases, LvmDisks disks)
{
    private readonly Lvm _lvm = context.Lvm;

    public async Task<InstanceDisk> ChangeAsync(
        DiskChangeRequest request, IProgress<long>? progress, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var report = await _lvm.ReportAsync();
        var found = DiskVolumes.Of(request.Instance, request.Disk.Name, report, context);
        if (await disks.RepairAsync(found))
        {
            report = await _lvm.ReportAsync();
            found = DiskVolumes.Of(request.Instance, request.Disk.Name, report, context);
        }

        if (found is not { Current: { } current, CurrentMark: { State: VolumeState.Ready } mark })
            throw Refused(request, "there is no such whole disk", "look at the instance's disks");
        if (current.IsOpen)
            throw InUse(request, current.Name);
        var disk = new Disk(request, current, mark, report);
        return request.Change switch
        {
            DiskChange.Grow grow => await GrowAsync(disk, grow.VirtualSizeBytes),
            DiskChange.Flatten => mark.Base is null
                ? disks.Describe(current, mark)
                : await FlattenAsync(disk, progress, token),
            DiskChange.Rebase rebase => mark.Base == rebase.Base
                ? disks.Describe(current, mark)
                : await CloneAsync(
                    disk, rebase.Base, (from, to) => BlockDevice.CopyDifferences(
                        context.Host.Files, from, to, Walk(current, progress, token)), token),
            DiskChange.Rebuild rebuild => await CloneAsync(
                disk, rebuild.Base, static (_, _) => { }, token),
            _ => throw new InvalidOperationException($"unknown change {request.Change}"),
        };
    }

    /// <summary>A disk that is about to be changed.</summary>
    private sealed record Disk(
        DiskChangeRequest Request, LogicalVolume Volume, VolumeMark Mark, LvmReport Report);

    private async Task<InstanceDisk> GrowAsync(Disk disk, long bytes)
    {
        var now = disk.Volume.SizeBytes;
        var size = disk.Report.WholeExtents(bytes);
        if (size == now && bytes > 0)
            return disks.Describe(disk.Volume, disk.Mark);
        if (bytes < now)
        {
            throw Refused(
                disk.Request,
                $"it has {now} bytes and may not become smaller ({bytes})",
                "give a larger size");
        }

        LvmDisks.CheckSize(What(disk.Request), bytes, now, disk.Report);
        await _lvm.ExtendAsync(disk.Volume.Name, size);
        return disks.Describe(disk.Volume, disk.Mark) with { VirtualSizeBytes = size };
    }

    private Task<InstanceDisk> FlattenAsync(
        Disk disk, IProgress<long>? progress, CancellationToken token)
    {
        PoolChecks.Admit(
            What(disk.Request), disk.Report.Pool, context.Options, disk.Volume.MappedBytes);
        var mark = disk.Mark with { Base = null, State = VolumeState.Building };
        var walk = Walk(disk.Volume, progress, token);
        return ReplaceAsync(
            disk,
            name => _lvm.CreateAsync(name, disk.Volume.SizeBytes, mark),
            (source, target) => BlockDevice.Copy(context.Host.Files, source, target, walk),
            token);
    }

    private static DiskWalk Walk(
        LogicalVolume volume, IProgress<long>? progress, CancellationToken token) =>
        new(volume.SizeBytes, SkipsHoles: false, progress, token);

    /// <summary>Puts a clone of a base in the disk's place.</summary>
    private async Task<InstanceDisk> CloneAsync(
        Disk disk,
        BaseKey key,
        Action<SafeFileHandle, DeviceTarget> fill,
        CancellationToken token)
    {
        var (request, volume, _, report) = disk;
        var origin = await context.RunAsync(
            What(request), () => bases.Find(key, report), token)
            ?? throw Refused(request, $"base {key} is not there", "make it first");
        var originBytes = report.WholeExtents(origin.Volume.VirtualSizeBytes);
        if (originBytes > volume.SizeBytes)
        {
            throw Refused(
                request,
                $"base {key} has {originBytes} bytes and the disk {volume.SizeBytes}",
                "grow the disk first");
        }

        PoolChecks.Admit(What(request), report.Pool, context.Options, newBytes: 0);
        var mark = disk.Mark with { Base = key, State = VolumeState.Building };
        return await ReplaceAsync(
            disk,
            async name =>
            {
                await _lvm.SnapshotAsync(context.Names.Base(key), name, mark);
                if (originBytes < volume.SizeBytes)
                    await _lvm.ExtendAsync(name, volume.SizeBytes);
            },
            fill,
            token);
    }

    private async Task<InstanceDisk> ReplaceAsync(
        Disk disk,
        Func<string, Task> make,
        Action<SafeFileHandle, DeviceTarget> fill,
        CancellationToken token)
    {
        var (request, volume) = (disk.Request, disk.Volume);
        var name = context.Names.NewDisk(request.Instance, request.Disk.Name);
        var old = context.Names.OldDisk(request.Instance, request.Disk.Name);
        try
        {
            if (!volume.IsActive)
                await _lvm.ActivateAsync(volume.Name);
            await make(name);
            await context.RunAsync(What(request), () => Fill(disk, name, fill), token);
            token.ThrowIfCancellationRequested();
            if ((await _lvm.ReportAsync()).Find(volume.Name)?.IsOpen is not false)
                throw InUse(request, volume.Name);
            await _lvm.SetStateAsync(name, VolumeState.Building, VolumeState.Swap);
            await _lvm.DeactivateAsync(volume.Name);
            await _lvm.RenameAsync(volume.Name, old);
        }
        catch (Exception e) when (StoreErrors.IsExpected(e) || e is OperationCanceledException)
        {
            await SettleAsync(request);
            throw;
        }

        return await SettleAsync(request)
            ?? throw new LvmFailedException("it was begun, and goes on when it is asked for again");
    }

    private void Fill(Disk disk, string to, Action<SafeFileHandle, DeviceTarget> fill)
    {
        var target = _lvm.DevicePath(to);
        using var reading = BlockDevice.TryOpen(
            _lvm.DevicePath(disk.Volume.Name), LibC.O_RDONLY | LibC.O_EXCL, out var errno);
        if (reading is null)
        {
            throw errno == LibC.EBUSY
                ? InUse(disk.Request, disk.Volume.Name)
                : new StoreIoException("open", _lvm.DevicePath(disk.Volume.Name), errno);
        }

        using var writing = BlockDevice.OpenToWrite(target);
        fill(reading, new DeviceTarget(writing, target, disk.Report.Pool!.ChunkBytes));
        context.Host.Files.Sync(writing, target);
    }

    /// <summary>Goes on, or back, from wherever a change is.</summary>
    /// <returns>The disk, whole and active; null when that failed, which is noted.</returns>
    private async Task<InstanceDisk?> SettleAsync(DiskChangeRequest request)
    {
        var (instance, name) = (request.Instance, request.Disk.Name);
        try
        {
            await disks.RepairAsync(
                DiskVolumes.Of(instance, name, await _lvm.ReportAsync(), context));
            var found = DiskVolumes.Of(instance, name, await _lvm.ReportAsync(), context);
            if (found.Current is { IsActive: false })
                await _lvm.ActivateAsync(found.Current.Name);
            return found.Current is null ? null : disks.Describe(found.Current, found.CurrentMark!);
        }
        catch (LvmFailedException e)
        {
            context.Host.Note(
                $"{What(request)}: {e.Message}; the same change, or the next start, goes on");
            return null;
        }
    }

    private PortException InUse(DiskChangeRequest request, string volume) => Refused(
        request, $"{_lvm.DevicePath(volume)} is in use", "stop the instance first");

    private static PortException Refused(DiskChangeRequest request, string cause, string remedy) =>
        PortException.Final(
            LaunchErrorCode.InvalidRequest, $"{What(request)}: {cause}; {remedy}");

    private static string What(DiskChangeRequest request) =>
        $"disk {request.Disk.Name} of instance {request.Instance}: cannot be changed";
}

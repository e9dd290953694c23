using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The instance disks of one store as thin snapshots: made, found and removed. It knows nothing of
/// how bases are made.
/// </summary>
/// <remarks>A clone is one command, which marks it as whole at once; one that is to be larger than
/// its base is whole when it has the size in its mark, and is grown on by whoever finds it smaller.
/// As with files, only the instance's record makes it real.</remarks>
internal sealed class LvmDisks(LvmContext context, LvmBases bases)
{
    private readonly Lvm _lvm = context.Lvm;

    public async Task<Ensured<InstanceDisk>> EnsureAsync(
        CloneRequest request, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var report = await _lvm.ReportAsync();
        var volume = await FindBaseAsync(request, report, token);
        var size = report.WholeExtents(request.VirtualSizeBytes);
        var name = context.Names.Disk(request.Instance, request.Disk);
        if (report.Find(name) is { } found)
        {
            var existing = await ExistingAsync(request, found, size);
            return new Ensured<InstanceDisk>(existing, Created: false);
        }

        PoolChecks.Admit(What(request), report.Pool, context.Options, newBytes: 0);
        var origin = context.Names.Base(request.Base);
        var mark = new VolumeMark(VolumeState.Ready, request.Base, size)
        {
            Instance = request.Instance,
            Disk = request.Disk,
        };
        try
        {
            await _lvm.SnapshotAsync(origin, name, mark);
            if (size > report.Find(origin)!.SizeBytes)
                await _lvm.ExtendAsync(name, size);
        }
        catch (LvmFailedException)
        {
            await UndoAsync(request, name);
            throw;
        }

        var disk = Describe(name, size, mark) with { AllocatedBytes = volume.AllocatedBytes };
        return new Ensured<InstanceDisk>(disk, Created: true);
    }

    public async Task DeleteAsync(InstanceId instance, DiskName disk)
    {
        var volumes = DiskVolumes.Of(instance, disk, await _lvm.ReportAsync(), context);
        if (volumes.Current?.IsOpen is true)
        {
            throw PortException.Retryable(
                LaunchErrorCode.VolumeDriver,
                $"disk {disk} of instance {instance}: {_lvm.DevicePath(volumes.Current.Name)} is "
                    + "in use; stop what has it open");
        }

        await _lvm.RemoveAsync([.. volumes.All.Select(v => v.Name)]);
    }

    /// <summary>The whole disks of committed instances, activated; disks that no record names are
    /// removed, and changes that were cut off are ended.</summary>
    public async Task<Dictionary<InstanceId, IReadOnlyList<InstanceDisk>>> ListAsync(
        LvmReport report)
    {
        var folders = await context.RunAsync(
            "cannot list the instances", ReadFolders, default);
        var all = DiskVolumes.In(report, context, context.Host.Note);
        await context.RemoveLeftoversAsync(
            all.Where(d => !IsKept(d, folders)).SelectMany(d => d.All));
        var kept = all.Where(d => IsKept(d, folders)).ToList();
        foreach (var disk in kept)
            await RepairAsync(disk);
        if (kept.Exists(d => !d.IsSettled))
        {
            kept = DiskVolumes.In(await _lvm.ReportAsync(), context)
                .FindAll(d => IsKept(d, folders));
        }

        await _lvm.ActivateAsync([.. kept.Select(d => d.Current).OfType<LogicalVolume>()
            .Where(v => !v.IsActive).Select(v => v.Name)]);
        NoteMissing(folders, kept);
        return kept.Where(IsWhole)
            .GroupBy(d => d.Instance)
            .ToDictionary(
                g => g.Key,
                g => g.Select(d => Describe(d.Current!, d.CurrentMark!))
                    .OrderBy(d => d.Path, StringComparer.Ordinal)
                    .ToList() as IReadOnlyList<InstanceDisk>);
    }

    private List<InstanceFolder> ReadFolders()
    {
        var folders = InstanceFolders.Read(context.Host);
        foreach (var folder in folders.Where(f => !f.IsCommitted))
            InstanceFolders.RemoveMachine(context.Host, folder.Id);
        return folders;
    }

    /// <summary>Ends a change of this disk that was cut off.</summary>
    /// <returns>Whether anything had to be done.</returns>
    public async Task<bool> RepairAsync(DiskVolumes volumes)
    {
        var steps = volumes.Repair(context.Names.Disk(volumes.Instance, volumes.Disk));
        foreach (var step in steps)
        {
            await (step switch
            {
                DiskRepair.Rename rename => _lvm.RenameAsync(rename.From, rename.To),
                DiskRepair.MarkReady ready =>
                    _lvm.SetStateAsync(ready.Name, VolumeState.Swap, VolumeState.Ready),
                DiskRepair.Remove remove => _lvm.RemoveAsync(remove.Name),
                _ => throw new InvalidOperationException($"unknown step {step}"),
            });
        }

        return steps.Count > 0;
    }

    public InstanceDisk Describe(LogicalVolume volume, VolumeMark mark) =>
        Describe(volume.Name, volume.SizeBytes, mark) with { AllocatedBytes = volume.MappedBytes };

    /// <summary>A record keeps its disk by name: the group may have been renamed since.</summary>
    private bool IsKept(DiskVolumes disk, List<InstanceFolder> folders) =>
        folders.Find(f => f.Id == disk.Instance)?
            .Keeps(context.Names.Disk(disk.Instance, disk.Disk)) is true;

    private static bool IsWhole(DiskVolumes disk) =>
        disk is { Current: { } volume, CurrentMark: { State: VolumeState.Ready } mark }
        && volume.SizeBytes >= mark.Bytes;

    private void NoteMissing(List<InstanceFolder> folders, List<DiskVolumes> kept)
    {
        foreach (var folder in folders)
        {
            var missing = folder.Record?.Disks.Where(d => d.Driver == DriverName.LvmThin
                && !kept.Exists(k => k.Instance == folder.Id && k.Disk == d.Name && IsWhole(k)));
            foreach (var disk in missing ?? [])
            {
                context.Host.Note(
                    $"instance {folder.Id}: its disk {disk.Name} is not there or not whole "
                        + $"({disk.Path}); what there is of it was left alone");
            }
        }
    }

    private async Task<BaseVolume> FindBaseAsync(
        CloneRequest request, LvmReport report, CancellationToken token)
    {
        if (request.Transfer is not null)
        {
            throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"{Name(request)}: the driver lvm-thin takes in no disks of other hosts");
        }

        if (request.Disk.IsBootFile || request.Contents is not null)
        {
            throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"{Name(request)}: the driver lvm-thin keeps no files: neither kernels nor disks of "
                    + "other systems; launch it with a driver of files, on a host that has one");
        }

        if (request.Layout == DiskLayout.Ec2)
        {
            throw PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"{Name(request)}: the driver lvm-thin shares its base and cannot lay it out as "
                    + $"{request.Layout}; ask for a full copy (the driver copy)");
        }

        var found = await context.RunAsync(
            What(request), () => bases.Find(request.Base, report), token)
            ?? throw PortException.Retryable(
                LaunchErrorCode.VolumeDriver,
                $"{Name(request)}: base {request.Base} is not in {context.Options.PoolName}; make "
                    + "it first");
        CheckSize(Name(request), request.VirtualSizeBytes, found.Volume.VirtualSizeBytes, report);
        return found.Volume;
    }

    /// <summary>Refuses what is no size for a disk.</summary>
    /// <exception cref="PortException">It is none.</exception>
    public static void CheckSize(string name, long size, long least, LvmReport report)
    {
        // lvm counts a volume's extents in 32 bits.
        var most = Math.Min(
            long.MaxValue / report.ExtentBytes, uint.MaxValue) * report.ExtentBytes;
        if (size >= least && size > 0 && size % RawFile.SectorBytes == 0 && size <= most)
            return;
        throw PortException.Final(
            LaunchErrorCode.VolumeDriver,
            $"{name}: {size} bytes is no size for it; give a multiple of {RawFile.SectorBytes} "
                + $"from {least} to {most}");
    }

    private async Task<InstanceDisk> ExistingAsync(
        CloneRequest request, LogicalVolume found, long size)
    {
        var mark = context.MarkOf(found);
        var isAsked = mark?.Instance == request.Instance && mark.Disk == request.Disk
            && mark is { State: VolumeState.Ready } && mark.Base == request.Base;
        if (isAsked && found.SizeBytes < mark!.Bytes && mark.Bytes == size)
        {
            await _lvm.ExtendAsync(found.Name, size);
            return Describe(found, mark) with { VirtualSizeBytes = size };
        }

        if (!isAsked || found.SizeBytes != size)
        {
            throw PortException.Final(
                LaunchErrorCode.VolumeDriver,
                $"{Name(request)}: asked for {request.VirtualSizeBytes} bytes over base "
                    + $"{request.Base}, but {_lvm.DevicePath(found.Name)} is "
                    + (mark is null
                        ? "not this store's"
                        : $"{found.SizeBytes} bytes over base {mark.Base}")
                    + "; delete the instance first, or give the new one another id");
        }

        if (!found.IsActive)
            await _lvm.ActivateAsync(found.Name);
        return Describe(found, mark!);
    }

    private async Task UndoAsync(CloneRequest request, string name)
    {
        try
        {
            if (DiskVolumes.Of(request.Instance, request.Disk, await _lvm.ReportAsync(), context)
                .Current is not null)
            {
                await _lvm.RemoveAsync(name);
            }
        }
        catch (LvmFailedException e)
        {
            context.Host.Note($"volume {name}: {e.Message}; the next start tries again");
        }
    }

    private InstanceDisk Describe(string volume, long size, VolumeMark mark) => new()
    {
        Name = mark.Disk!,
        BackingFile = mark.Base,
        VirtualSizeBytes = size,
        AllocatedBytes = 0,
        Path = _lvm.DevicePath(volume),
        Format = "raw",
        Driver = DriverName.LvmThin,
    };

    private static string What(CloneRequest request) => $"{Name(request)}: cannot be made";

    private static string Name(CloneRequest request) =>
        $"disk {request.Disk} of instance {request.Instance}";
}

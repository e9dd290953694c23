namespace NovaCow.Core.Scheduling;

/// <summary>Disks that are attached to instances later, and detached.</summary>
public sealed partial class SchedulerCore
{
    private const long MiB = 1 << 20;
    private const long LeastXfsBytes = 300 * MiB;
    private const int Devices = 26;

    private Decision? Attach(
        Launch launch, ChangeRequest.Attach request, out InstanceChange? change)
    {
        change = null;
        return request switch
        {
            { Disk: { } again, Blank: null } => AttachAgain(launch, again, out change),
            { Disk: null, Blank: { } blank } => AttachNew(launch, blank, out change),
            _ => Decision.Refuse(
                RequestErrorCode.InvalidRequest,
                $"instance {launch.Id}: name a disk that was detached, or say what a new one is "
                    + "to be; one of the two"),
        };
    }

    private Decision? AttachAgain(Launch launch, DiskName name, out InstanceChange? change)
    {
        change = null;
        if (!name.IsData || Disk(launch, name) is not { } disk)
            return NoFurtherDisk(launch, name);
        if (IsUnderWay(launch, c => c is InstanceChange.Attach { Blank: null } a && a.Disk == name))
            change = launch.Change!.Change;
        else if (disk.IsDetached)
            change = new InstanceChange.Attach(name, FreeDevice(launch, disk.Device), null);
        else if (launch.IsChanging())
            return Decision.Refuse(
                RequestErrorCode.Conflict, $"instance {launch.Id}: {WhyBusy(launch)}");
        return null;
    }

    private Decision? AttachNew(Launch launch, BlankSpec blank, out InstanceChange? change)
    {
        change = null;
        if (Enumerable.Range(0, DiskName.MaxData).Select(DiskName.Data)
                .FirstOrDefault(n => Disk(launch, n) is null) is not { } name)
        {
            return CannotChange(
                launch,
                $"it has {DiskName.MaxData} further disks, as many as it can; detach one and "
                    + "delete it");
        }

        blank = Resolved(launch, name, blank);
        if (Problem(blank) is { } problem)
        {
            return Decision.Refuse(
                RequestErrorCode.InvalidRequest, $"instance {launch.Id}: a disk {problem}");
        }

        change = new InstanceChange.Attach(name, FreeDevice(launch, null), blank);
        if (IsRepeated(launch, change))
            return null;
        return PlacementPolicy.NoRoomFor(blank.SizeBytes, ViewOf(launch.Host!), _limits.Placement)
            is { } full
            ? Decision.Refuse(
                RequestErrorCode.NoRoom,
                $"instance {launch.Id}: host {launch.Host} has no room for a disk of "
                    + $"{blank.SizeBytes} bytes: {full}; give a smaller size, or delete instances "
                    + "there")
            : null;
    }

    private Decision? Detach(
        Launch launch, ChangeRequest.Detach request, out InstanceChange? change)
    {
        change = new InstanceChange.Detach(request.Disk, request.Delete);
        if (!request.Disk.IsData)
            return NoFurtherDisk(launch, request.Disk);
        if (IsRepeated(launch, change))
            return null;
        if (Disk(launch, request.Disk) is not { } disk)
            return NoFurtherDisk(launch, request.Disk);
        if (disk.IsDetached && !request.Delete && !launch.IsChanging())
            change = null;
        return null;
    }

    private static InstanceDisk? Disk(Launch launch, DiskName name) =>
        launch.Disks.FirstOrDefault(d => d.Name == name);

    private static bool IsUnderWay(Launch launch, Predicate<InstanceChange> which) =>
        launch.Change is { Phase: ChangePhase.Running } running && which(running.Change);

    // Disks of the launch have the first letters; what is plugged in has one of its own.
    private static string FreeDevice(Launch launch, string? wanted)
    {
        var disks = launch.Disks.Where(d => !d.Name.IsBootFile).ToList();
        var used = disks.Where(d => !d.IsDetached).Select(d => d.Device).ToHashSet();
        var first = disks.Count(d => d.Device is null);
        var free = Enumerable.Range(first, Devices - first).Select(DiskPlan.Device)
            .Where(d => !used.Contains(d)).ToList();
        return wanted is not null && free.Contains(wanted) ? wanted : free[0];
    }

    // A label of its own lets the guest tell it from local storage.
    private BlankSpec Resolved(Launch launch, DiskName name, BlankSpec blank)
    {
        if (blank.IsByOsType)
        {
            var fileSystem = launch.RootImage().OsType is { } os
                ? FileSystems.ByOsType.GetValueOrDefault(os, FileSystems.Default)
                : FileSystems.Default;
            blank = blank with { FileSystem = fileSystem, IsByOsType = false };
        }

        return blank.FileSystem == BlankFileSystem.Raw
            ? blank
            : blank with { Label = blank.Label ?? VolumeLabel.Parse(name.Value) };
    }

    private static string? Problem(BlankSpec blank) => blank switch
    {
        { SizeBytes: var bytes } when bytes < MiB || bytes % SectorBytes != 0 =>
            $"of {bytes} bytes: give at least {MiB}, a multiple of {SectorBytes}",
        { FileSystem: BlankFileSystem.Xfs, SizeBytes: < LeastXfsBytes and var bytes } =>
            $"of {bytes} bytes: XFS needs at least {LeastXfsBytes}",
        { FileSystem: BlankFileSystem.Swap } =>
            "for swap: expected raw, ext4, xfs, vfat or ntfs; swap is of the flavor",
        { FileSystem: BlankFileSystem.Raw, Label: not null } =>
            "with a label that is not formatted: give a file system, or leave the label out",
        _ => null,
    };

    private static Decision NoFurtherDisk(Launch launch, DiskName name)
    {
        var further = launch.Disks.Where(d => d.Name.IsData).Select(d => d.Name.Value).ToList();
        var has = further.Count == 0 ? "none" : string.Join(", ", further);
        return CannotChange(
            launch,
            name.IsData
                ? $"it has no disk {name}; of those that were attached later it has {has}"
                : $"its disk {name} belongs to it since its launch, and stays; of those that "
                    + $"were attached later it has {has}");
    }
}

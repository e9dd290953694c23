using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The volumes that one instance disk has: itself, and while it is being changed what is to take
/// its place and what was in it. Pure: it says what is to be done about a change that did not end.
/// </summary>
/// <remarks>
/// A change ends in these steps: the new one is marked as whole; the disk is deactivated, so that
/// nobody opens it any more, and renamed to the old one: from here on the new one is the truth; the
/// new one gets the disk's name; it is marked as ready; the old one is removed.
/// </remarks>
internal sealed record DiskVolumes(InstanceId Instance, DiskName Disk)
{
    public LogicalVolume? Current { get; init; }

    public VolumeMark? CurrentMark { get; init; }

    public LogicalVolume? New { get; init; }

    public VolumeMark? NewMark { get; init; }

    public LogicalVolume? Old { get; init; }

    public IEnumerable<LogicalVolume> All =>
        ((LogicalVolume?[])[Current, New, Old]).OfType<LogicalVolume>();

    /// <summary>Whether the disk is whole and has nothing beside it.</summary>
    public bool IsSettled => Repair(Current?.Name ?? "").Count == 0;

    /// <summary>The disks in a report, each with all that it has.</summary>
    /// <param name="report">The group.</param>
    /// <param name="context">Whose disks.</param>
    /// <param name="note">Told of what carries a disk's tags under another name.</param>
    public static List<DiskVolumes> In(
        LvmReport report, LvmContext context, Action<string>? note = null)
    {
        Dictionary<(InstanceId, DiskName), DiskVolumes> found = [];
        foreach (var volume in report.Volumes)
        {
            if (context.MarkOf(volume) is not { Instance: { } id, Disk: { } disk } mark)
                continue;
            var known = found.GetValueOrDefault((id, disk)) ?? new DiskVolumes(id, disk);
            if (volume.Name == context.Names.Disk(id, disk))
                found[(id, disk)] = known with { Current = volume, CurrentMark = mark };
            else if (volume.Name == context.Names.NewDisk(id, disk))
                found[(id, disk)] = known with { New = volume, NewMark = mark };
            else if (volume.Name == context.Names.OldDisk(id, disk))
                found[(id, disk)] = known with { Old = volume };
            else
                note?.Invoke(
                    $"volume {volume.Name} says that it is disk {disk} of instance {id}, and has "
                        + "another name; it was left alone");
        }

        return [.. found.Values];
    }

    /// <summary>One disk's volumes.</summary>
    public static DiskVolumes Of(
        InstanceId instance, DiskName disk, LvmReport report, LvmContext context) =>
        In(report, context).Find(d => d.Instance == instance && d.Disk == disk)
            ?? new DiskVolumes(instance, disk);

    /// <summary>What ends a change that was cut off, in order; safe to be cut off itself.</summary>
    /// <param name="name">The disk's name.</param>
    public IReadOnlyList<DiskRepair> Repair(string name)
    {
        List<DiskRepair> steps = [];
        if (Current is not null)
        {
            if (CurrentMark!.State == VolumeState.Swap)
                steps.Add(new DiskRepair.MarkReady(name));
            if (New is not null)
                steps.Add(new DiskRepair.Remove(New.Name));
        }
        else if (New is not null && NewMark!.State == VolumeState.Swap)
        {
            steps.Add(new DiskRepair.Rename(New.Name, name));
            steps.Add(new DiskRepair.MarkReady(name));
        }
        else if (Old is not null)
        {
            steps.Add(new DiskRepair.Rename(Old.Name, name));
            return steps;
        }

        if (Old is not null)
            steps.Add(new DiskRepair.Remove(Old.Name));
        return steps;
    }
}

/// <summary>One step of a repair.</summary>
internal abstract record DiskRepair
{
    private DiskRepair()
    {
    }

    public sealed record Rename(string From, string To) : DiskRepair;

    public sealed record MarkReady(string Name) : DiskRepair;

    public sealed record Remove(string Name) : DiskRepair;
}

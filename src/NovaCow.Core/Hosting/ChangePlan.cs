using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Hosting;

/// <summary>One disk's part in a change of its instance.</summary>
/// <param name="Disk">The disk as it is.</param>
/// <param name="Change">What is to become of it.</param>
/// <param name="Driver">The driver that does it, and has the disk then.</param>
/// <param name="Base">What it becomes a clone of; null: it stays with its base, or leaves it.
/// </param>
public sealed record ChangeStep(
    InstanceDisk Disk, DiskChange Change, string Driver, BaseContent? Base = null);

/// <summary>
/// Decides what a change of an instance means for each of its disks. Disks that are already as
/// asked have no step, so that a change that broke off in the middle goes on where it was.
/// </summary>
public static class ChangePlan
{
    /// <summary>The steps, in device order.</summary>
    /// <param name="change">What is asked.</param>
    /// <param name="record">The instance as its host has it.</param>
    /// <param name="drivers">The host's drivers, the default first.</param>
    /// <returns>The steps, or why the change cannot be done.</returns>
    public static (IReadOnlyList<ChangeStep> Steps, LaunchError? Refusal) For(
        InstanceChange change, InstanceRecord record, IReadOnlyList<string> drivers)
    {
        var disks = record.Disks.Where(IsDisk).ToList();
        switch (change)
        {
            case InstanceChange.Resize c:
                return ([.. Root(disks).Where(d => d.VirtualSizeBytes != c.RootBytes).Select(
                    d => new ChangeStep(d, new DiskChange.Grow(c.RootBytes), d.Driver))], null);
            case InstanceChange.Flatten:
                return ([.. disks.Where(d => d.BackingFile is not null).Select(
                    d => new ChangeStep(d, new DiskChange.Flatten(), d.Driver))], null);
            case InstanceChange.Rebase c:
                return Clones(
                    Root(disks).Where(d => d.BackingFile != c.Image.BaseKey()),
                    _ => new BaseContent.OfImage(c.Image),
                    disk => disk.Driver != DriverName.Copy
                        ? disk.Driver
                        : drivers.FirstOrDefault(Shares));
            case InstanceChange.Migrate c:
                var bases = DiskPlan.For(c.Image, record.Flavor)
                    .ToDictionary(d => d.Name, d => d.Base);
                var driver = c.Driver ?? drivers.FirstOrDefault(Shares);
                return Clones(
                    disks.Where(d => d.BackingFile is null && bases.ContainsKey(d.Name)),
                    disk => bases[disk.Name],
                    _ => driver);
            case InstanceChange.Rebuild c:
                return Rebuild(c, disks, record);
            default:
                throw new InvalidOperationException($"unknown change {change}");
        }
    }

    // Whether it is done already cannot be seen from the disk: whoever asks must know.
    private static (IReadOnlyList<ChangeStep> Steps, LaunchError? Refusal) Rebuild(
        InstanceChange.Rebuild change, List<InstanceDisk> disks, InstanceRecord record)
    {
        if (RebuildPlan.Problem(change, record) is { } problem)
        {
            return ([], new LaunchError(
                LaunchErrorCode.InvalidRequest,
                $"instance {record.Id}: {problem}",
                IsRetryable: false));
        }

        return (
            [.. Root(disks).Select(d => new ChangeStep(
                d, new DiskChange.Rebuild(change.Image.BaseKey()), d.Driver,
                new BaseContent.OfImage(change.Image)))],
            null);
    }

    private static (IReadOnlyList<ChangeStep> Steps, LaunchError? Refusal) Clones(
        IEnumerable<InstanceDisk> disks,
        Func<InstanceDisk, BaseContent> content,
        Func<InstanceDisk, string?> driverOf)
    {
        List<ChangeStep> steps = [];
        foreach (var disk in disks)
        {
            var (wanted, driver) = (content(disk), driverOf(disk));
            var problem = disk.Layout == DiskLayout.Ec2
                    ? "has the layout of EC2, with a master boot record of its own before the "
                        + "image: it cannot become a clone of the image; launch a new instance"
                : wanted.VirtualSizeBytes() > disk.VirtualSizeBytes
                    ? $"has {disk.VirtualSizeBytes} bytes and the base "
                        + $"{wanted.VirtualSizeBytes()}: it cannot be its clone; resize it first"
                : driver is null or DriverName.Copy
                    ? "cannot become a clone: this host has no driver that shares; give it one"
                : null;
            if (problem is not null)
            {
                return ([], new LaunchError(
                    LaunchErrorCode.InvalidRequest,
                    $"instance disk {disk.Name} {problem}",
                    IsRetryable: false));
            }

            steps.Add(new ChangeStep(
                disk, new DiskChange.Rebase(wanted.Key()), driver!, wanted));
        }

        return (steps, null);
    }

    private static IEnumerable<InstanceDisk> Root(IEnumerable<InstanceDisk> disks) =>
        disks.Where(d => d.Name == DiskName.Root);

    // An instance may keep files that are no disks, such as a kernel: they only ever refer to
    // what is read-only.
    private static bool IsDisk(InstanceDisk disk) => !disk.Name.IsBootFile;

    private static bool Shares(string driver) => driver != DriverName.Copy;
}

using NovaCow.Core.Scheduling;

namespace NovaCow.Core;

/// <summary>
/// Decides what a host makes for a launch by one of its drivers, and what of it must wait: a driver
/// that copies may put local storage into the root disk, and only its answer says whether it did.
/// </summary>
public sealed record LaunchPlan
{
    private LaunchPlan(IReadOnlyList<PlannedDisk> all, DiskName? waits) =>
        (All, Waits) = (all, waits);

    /// <summary>Everything that the instance gets: its disks in device order, then the files that
    /// it boots with.</summary>
    public IReadOnlyList<PlannedDisk> All { get; }

    /// <summary>The disk of <see cref="All"/> that is to be made only if the root disk, once made,
    /// does not hold it; null: none.</summary>
    public DiskName? Waits { get; }

    /// <summary>What can be made at once.</summary>
    public IEnumerable<PlannedDisk> AtOnce => All.Where(d => d.Name != Waits);

    /// <summary>The plan of a launch.</summary>
    /// <param name="spec">What it is to become.</param>
    /// <param name="driver">The driver that makes its disks.</param>
    public static LaunchPlan For(LaunchSpec spec, string driver)
    {
        ArgumentNullException.ThrowIfNull(spec);
        List<PlannedDisk> all = [.. DiskPlan.For(spec.Image, spec.Flavor)];
        all.AddRange(BootFiles(spec.Kernel, spec.Ramdisk));
        if (driver != DriverName.Copy || spec.Layout == DiskLayout.Whole)
            return new LaunchPlan(all, null);
        var local = all.Find(d => d.Name == DiskName.Ephemeral(0));
        all[0] = all[0] with
        {
            Layout = spec.Layout,
            LocalStorage = (local?.Base as BaseContent.OfBlank)?.Blank,
        };
        return new LaunchPlan(all, local?.Name);
    }

    /// <summary>The plan of taking an instance over: its disks as they are elsewhere. What it boots
    /// with has no bytes of its own.</summary>
    public static LaunchPlan For(MoveOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        return new LaunchPlan(
            [
                .. order.Disks.Select((d, i) => new PlannedDisk(
                    d.Name,
                    d.Name.IsBootFile ? "" : d.Device ?? DiskPlan.Device(i),
                    d.Base,
                    d.VirtualSizeBytes)
                {
                    Layout = d.Layout,
                    Transfer = d.Name.IsBootFile
                        ? null
                        : new TransferredDisk(order.Source, d.IsOverBase),
                }),
            ],
            null);
    }

    /// <summary>The plan once the root disk is made: nothing waits any more.</summary>
    public LaunchPlan After(InstanceDisk root)
    {
        ArgumentNullException.ThrowIfNull(root);
        return new LaunchPlan(
            root.Layout == DiskLayout.Ec2 ? [.. AtOnce] : All, null);
    }

    /// <summary>The files that an instance boots with.</summary>
    /// <param name="kernel">What its kernel is; null: its root disk brings one.</param>
    /// <param name="ramdisk">What its kernel's ramdisk is.</param>
    public static IReadOnlyList<PlannedDisk> BootFiles(Image? kernel, Image? ramdisk)
    {
        List<PlannedDisk> files = [];
        Add(DiskName.Kernel, kernel);
        Add(DiskName.Ramdisk, ramdisk);
        return files;

        void Add(DiskName name, Image? image)
        {
            if (image is null)
                return;
            files.Add(new PlannedDisk(
                name, "", new BaseContent.OfImage(image), image.VirtualSizeBytes));
        }
    }
}

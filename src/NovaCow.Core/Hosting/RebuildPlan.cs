using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Hosting;

/// <summary>
/// Decides what a rebuild changes beside making the root disk anew: the kernel and the ramdisk that
/// the instance boots with. They are made before the root disk, and one record then names all of
/// it, so that no machine ever boots the one with another's.
/// </summary>
public static class RebuildPlan
{
    /// <summary>Why a rebuild cannot be; null: it can.</summary>
    /// <param name="change">What is asked.</param>
    /// <param name="record">The instance as its host has it.</param>
    public static string? Problem(InstanceChange.Rebuild change, InstanceRecord record)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(record);
        var image = change.Image;
        if (record.Disks.FirstOrDefault(d => d.Name == DiskName.Root) is not { } root)
            return null;
        return image.VirtualSizeBytes > root.VirtualSizeBytes
                ? $"the root disk has {root.VirtualSizeBytes} bytes and image {image.Name} "
                    + $"{image.VirtualSizeBytes}; resize the disk first"
            : root.Layout == DiskLayout.Ec2
                ? "the root disk has the layout of EC2; launch a new instance"
            : (image.Kernel is null, image.Ramdisk is null)
                != (change.Kernel is null, change.Ramdisk is null)
                ? $"it is not said what the kernel and the ramdisk of image {image.Name} are; ask "
                    + "for the rebuild again"
            : change.Kernel is not null && root.Driver == DriverName.LvmThin
                ? $"image {image.Name} boots a kernel beside its disk, and the driver "
                    + $"{root.Driver} keeps no files; launch a new instance with a driver of files"
            : null;
    }

    /// <summary>What is still to be made for the instance to boot with; null: all is there.
    /// </summary>
    /// <param name="change">What is asked.</param>
    /// <param name="record">The instance as its host has it.</param>
    /// <param name="made">What was made for the rebuild already.</param>
    public static PlannedDisk? NextBootFile(
        InstanceChange.Rebuild change, InstanceRecord record, IReadOnlyList<InstanceDisk> made)
    {
        ArgumentNullException.ThrowIfNull(change);
        return LaunchPlan.BootFiles(change.Kernel, change.Ramdisk)
            .FirstOrDefault(file => Find(file, record, made) is null);
    }

    /// <summary>The instance once all is made: a kernel or a ramdisk that is as it was stays, and
    /// the record names no other any more.</summary>
    /// <param name="change">What is asked.</param>
    /// <param name="record">The instance as its host has it.</param>
    /// <param name="root">Its new root disk.</param>
    /// <param name="made">What was made for it to boot with.</param>
    public static InstanceRecord Done(
        InstanceChange.Rebuild change,
        InstanceRecord record,
        InstanceDisk root,
        IReadOnlyList<InstanceDisk> made)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(record);
        return record with
        {
            Image = change.Image.Name,
            KernelArguments = change.Image.KernelArguments,
            Disks =
            [
                .. record.Disks.Where(d => !d.Name.IsBootFile).Select(
                    d => d.Name == DiskName.Root ? root.PluggedAs(d) : d),
                .. LaunchPlan.BootFiles(change.Kernel, change.Ramdisk).Select(
                    file => Find(file, record, made)!),
            ],
        };
    }

    private static InstanceDisk? Find(
        PlannedDisk file, InstanceRecord record, IReadOnlyList<InstanceDisk> made) =>
        made.Concat(record.Disks).FirstOrDefault(
            d => d.Name == file.Name && d.BackingFile == file.Base.Key());
}

namespace NovaCow.Core.Hosting;

/// <summary>Decides what an instance's machine is made of, from the instance's record.</summary>
public static class MachinePlan
{
    /// <summary>The machine of an instance.</summary>
    /// <param name="record">The instance as its host has it.</param>
    /// <param name="store">Says where its files are.</param>
    public static MachineSpec For(InstanceRecord record, IHostStore store)
    {
        var files = store.MachineFiles(record.Id);
        var kernel = record.Disks.FirstOrDefault(d => d.Name == DiskName.Kernel);
        return new MachineSpec
        {
            Id = record.Id,
            Cluster = record.Cluster,
            VCpus = record.Flavor.VCpus,
            MemoryBytes = record.Flavor.MemoryBytes,
            Disks =
            [
                .. record.Disks
                    .Where(d => d is { Name.IsBootFile: false, IsDetached: false })
                    .Select(d => DiskOf(record, d, store)),
            ],
            Kernel = kernel is null
                ? null
                : new MachineKernel(
                    kernel.Path,
                    record.Disks.FirstOrDefault(d => d.Name == DiskName.Ramdisk)?.Path,
                    record.KernelArguments),
            SeedPath = record.Guest is null ? null : files.Seed,
            ConsolePath = files.Console,
        };
    }

    /// <summary>One of the instance's disks as its machine has it.</summary>
    /// <param name="record">The instance.</param>
    /// <param name="disk">The disk; one of the record's.</param>
    /// <param name="store">Says what the disk refers to.</param>
    public static MachineDisk DiskOf(InstanceRecord record, InstanceDisk disk, IHostStore store) =>
        new(
            disk.Name,
            disk.Device ?? DiskPlan.Device(PlaceOf(record, disk)),
            disk.Path,
            disk.Format,
            store.BackingPath(disk))
        {
            IsBlockDevice = disk.Driver == DriverName.LvmThin,
        };

    private static int PlaceOf(InstanceRecord record, InstanceDisk disk) =>
        record.Disks.Where(d => !d.Name.IsBootFile).TakeWhile(d => d.Name != disk.Name).Count();
}

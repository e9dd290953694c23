namespace NovaCow.Core.Scheduling;

/// <summary>What an instance that moves takes along: read off its launch, as its disks were
/// committed or changed last.</summary>
internal static class MovedDisks
{
    /// <summary>The instance as it looks for a host.</summary>
    /// <param name="launch">The instance.</param>
    /// <param name="runsMachines">Whether its host runs machines.</param>
    /// <param name="foundOn">The shared file system on which its disks are found without their
    /// host.</param>
    public static PlacementRequest Request(
        Launch launch, bool runsMachines, string? foundOn = null)
    {
        // It takes its disks along as they are: where they came from, and what made them, bind it
        // no longer.
        var spec = launch.SpecNow() with
        {
            Image = launch.RootImage(),
            Adoption = null,
            Driver = null,
            Hypervisor = null,
        };
        var full = DiskPlan.RootBytes(launch.Spec.Image, launch.Spec.Flavor)
            - DiskPlan.RootBytes(spec.Image, spec.Flavor);
        return new PlacementRequest(launch.Id, spec, [])
        {
            Moving = new MovingInstance(
                launch.Host!,
                [.. launch.Disks.Select(d => d.Driver).Distinct(StringComparer.Ordinal)],
                launch.GrownBytes + full)
            {
                NeedsMachines = runsMachines,
                FoundOn = foundOn,
            },
        };
    }

    /// <summary>What its new host is told.</summary>
    public static MoveOrder Order(Launch launch, TransferSource source) => new(
        [
            .. launch.Disks.Select(d => new MovedDisk(
                d.Name,
                BaseOf(launch, d)!,
                d.VirtualSizeBytes,
                d.Driver,
                d.BackingFile is not null,
                d.Layout)
            {
                Device = d.Device,
                IsDetached = d.IsDetached,
            }),
        ],
        source);

    /// <summary>What a disk is a clone of, or would be if it owned its bytes no longer; null: its
    /// base is none that the launch knows.</summary>
    public static BaseContent? BaseOf(Launch launch, InstanceDisk disk)
    {
        var (spec, anew) = (launch.Spec, launch.SpecNow());
        IEnumerable<BaseContent> known =
            disk.Name == DiskName.Root ? OfImages(launch.RootImage(), anew.Image, spec.Image)
            : disk.Name == DiskName.Kernel ? OfImages(anew.Kernel)
            : disk.Name == DiskName.Ramdisk ? OfImages(anew.Ramdisk)
            : disk.Name.IsData ? [new BaseContent.OfBlank(BlankOf(disk))]
            : DiskPlan.For(spec.Image, spec.Flavor).Where(d => d.Name == disk.Name)
                .Select(d => d.Base);
        return known.FirstOrDefault(
            b => disk.BackingFile is null || disk.BackingFile == b.Key());
    }

    // One that owns its bytes says no more what it was made of; nothing is read of its base.
    private static BlankSpec BlankOf(InstanceDisk disk) =>
        disk.BackingFile?.ToBlank() ?? new BlankSpec(disk.VirtualSizeBytes, BlankFileSystem.Raw);

    private static IEnumerable<BaseContent> OfImages(params IEnumerable<Image?> images) =>
        images.OfType<Image>().Select(i => new BaseContent.OfImage(i));
}

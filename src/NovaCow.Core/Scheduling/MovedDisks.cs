namespace NovaCow.Core.Scheduling;

/// <summary>What an instance that moves takes along: read off its launch, as its disks were
/// committed or changed last.</summary>
internal static class MovedDisks
{
    /// <summary>The instance as it looks for a host.</summary>
    public static PlacementRequest Request(Launch launch)
    {
        // It takes its disks along as they are: where they came from, and what made them, bind it
        // no longer.
        var spec = launch.Spec with { Image = launch.RootImage(), Adoption = null, Driver = null };
        var full = DiskPlan.RootBytes(launch.Spec.Image, launch.Spec.Flavor)
            - DiskPlan.RootBytes(spec.Image, spec.Flavor);
        return new PlacementRequest(launch.Id, spec, [])
        {
            Moving = new MovingInstance(
                launch.Host!,
                [.. launch.Disks.Select(d => d.Driver).Distinct(StringComparer.Ordinal)],
                launch.GrownBytes + full),
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
                d.Layout)),
        ],
        source);

    /// <summary>What a disk is a clone of, or would be if it owned its bytes no longer; null: its
    /// base is none that the launch knows.</summary>
    public static BaseContent? BaseOf(Launch launch, InstanceDisk disk)
    {
        var spec = launch.Spec;
        IEnumerable<BaseContent> known =
            disk.Name == DiskName.Root ? OfImages(launch.RootImage(), spec.Image)
            : disk.Name == DiskName.Kernel ? OfImages(spec.Kernel)
            : disk.Name == DiskName.Ramdisk ? OfImages(spec.Ramdisk)
            : DiskPlan.For(spec.Image, spec.Flavor).Where(d => d.Name == disk.Name)
                .Select(d => d.Base);
        return known.FirstOrDefault(
            b => disk.BackingFile is null || disk.BackingFile == b.Key());
    }

    private static IEnumerable<BaseContent> OfImages(params IEnumerable<Image?> images) =>
        images.OfType<Image>().Select(i => new BaseContent.OfImage(i));
}

namespace NovaCow.Core.Scheduling;

/// <summary>Compares specs by what they say; records compare their lists by reference.</summary>
internal sealed class SpecComparer : IEqualityComparer<LaunchSpec>
{
    public static SpecComparer Instance { get; } = new();

    public bool Equals(LaunchSpec? x, LaunchSpec? y) =>
        ReferenceEquals(x, y)
            || (x is not null && y is not null
                && (x.Image, x.Driver, x.Layout, x.Kernel, x.Ramdisk, x.Adoption)
                    == (y.Image, y.Driver, y.Layout, y.Kernel, y.Ramdisk, y.Adoption)
                && (x.On, x.Group, x.IsGroupSoft, x.Project, x.Priority)
                    == (y.On, y.Group, y.IsGroupSoft, y.Project, y.Priority)
                && x.Guest == y.Guest && x.Hypervisor == y.Hypervisor
                && Same(x.Flavor, y.Flavor));

    public int GetHashCode(LaunchSpec obj) =>
        HashCode.Combine(
            obj.Image.Digest.Hex, obj.Image.Name.Value, obj.Flavor.Name.Value, obj.Group,
            obj.Project, obj.Priority, obj.Guest);

    private static bool Same(Flavor a, Flavor b) =>
        a.Name == b.Name
            && a.VCpus == b.VCpus
            && a.MemoryBytes == b.MemoryBytes
            && a.RootDiskBytes == b.RootDiskBytes
            && a.SwapBytes == b.SwapBytes
            && a.EphemeralDisks.SequenceEqual(b.EphemeralDisks);
}

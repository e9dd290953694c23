namespace NovaCow.Core;

/// <summary>One disk that an instance is to have.</summary>
/// <param name="Name">Its name within the instance.</param>
/// <param name="Device">Its device in the guest, for example <c>/dev/vda</c>; empty for a file
/// that it boots with.</param>
/// <param name="Base">What it is a clone of.</param>
/// <param name="VirtualSizeBytes">Its size, in bytes; at least its base's.</param>
public sealed record PlannedDisk(
    DiskName Name, string Device, BaseContent Base, long VirtualSizeBytes)
{
    /// <summary>How it is to be laid out.</summary>
    public DiskLayout Layout { get; init; } = DiskLayout.Whole;

    /// <summary>What becomes its second partition where it is partitioned.</summary>
    public BlankSpec? LocalStorage { get; init; }

    /// <summary>The file whose bytes it is to hold; null: those of its base.</summary>
    public ForeignDisk? Contents { get; init; }

    /// <summary>Where its bytes come from, for a disk of an instance that moves here; null: they
    /// are those of its base.</summary>
    public TransferredDisk? Transfer { get; init; }
}

/// <summary>Decides which disks an instance of an image and a flavor has, in device order.
/// </summary>
public static class DiskPlan
{
    /// <summary>The root disk, then local storage, then swap.</summary>
    /// <param name="image">What the root disk is a clone of.</param>
    /// <param name="flavor">The sizes.</param>
    /// <remarks>A root size of 0 means the image's own size, as in Nova.</remarks>
    public static IReadOnlyList<PlannedDisk> For(Image image, Flavor flavor)
    {
        List<PlannedDisk> disks = [];
        Add(DiskName.Root, new BaseContent.OfImage(image), RootBytes(image, flavor));
        for (var i = 0; i < flavor.EphemeralDisks.Count; i++)
        {
            var blank = Labelled(flavor.EphemeralDisks[i], i);
            Add(DiskName.Ephemeral(i), new BaseContent.OfBlank(blank), blank.SizeBytes);
        }

        if (flavor.SwapBytes > 0)
        {
            var swap = new BlankSpec(flavor.SwapBytes, BlankFileSystem.Swap);
            Add(DiskName.Swap, new BaseContent.OfBlank(swap), swap.SizeBytes);
        }

        return disks;

        void Add(DiskName name, BaseContent content, long bytes) =>
            disks.Add(new PlannedDisk(name, Device(disks.Count), content, bytes));
    }

    /// <summary>The device of the disk with this place among an instance's disks, from 0.</summary>
    public static string Device(int index) => $"/dev/vd{(char)('a' + index)}";

    /// <summary>An ephemeral disk as it is made: each is labelled by its index unless the flavor
    /// says how, so that a guest can tell them apart.</summary>
    /// <param name="blank">The disk as the flavor has it.</param>
    /// <param name="index">Its place among the ephemeral disks, from 0.</param>
    public static BlankSpec Labelled(BlankSpec blank, int index) =>
        index == 0 || blank.Label is not null || blank.FileSystem == BlankFileSystem.Raw
            ? blank
            : blank with { Label = VolumeLabel.Parse($"ephemeral{index}") };

    /// <summary>The root disk's size in bytes, rounded up to whole sectors.</summary>
    public static long RootBytes(Image image, Flavor flavor)
    {
        var bytes = flavor.RootDiskBytes == 0 ? image.VirtualSizeBytes : flavor.RootDiskBytes;
        return (bytes + 511) / 512 * 512;
    }
}

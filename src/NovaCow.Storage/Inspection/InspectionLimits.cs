namespace NovaCow.Storage.Inspection;

/// <summary>How large an image may be in each respect, and what policy lets in. Every loop and
/// every buffer of the inspection is bounded by one of these.</summary>
public sealed record InspectionLimits
{
    /// <summary>The limits used when nothing else is asked for.</summary>
    public static InspectionLimits Default { get; } = new();

    /// <summary>The largest disk, in bytes.</summary>
    public long MaxVirtualSizeBytes { get; init; } = 16L << 40;

    /// <summary>The most clusters, grains or blocks that an image file may hold. The inspection
    /// keeps two bits for each, in pages that are made when first touched.</summary>
    public long MaxHostUnits { get; init; } = 1L << 29;

    /// <summary>The most bytes of mapping tables that are walked. A disk of 16 TiB in qcow2's
    /// usual clusters of 64 KiB has 2 GiB of them.</summary>
    public long MaxMappingBytes { get; init; } = 4L << 30;

    /// <summary>How many times its file's length compressed data may unfold to. Data deflates to
    /// a thousandth at best, and an operating system's image to a third.</summary>
    public int MaxExpansionRatio { get; init; } = 200;

    /// <summary>What compressed data may unfold to in any case, in bytes.</summary>
    public long ExpansionFloorBytes { get; init; } = 64L << 20;

    /// <summary>The longest kernel or ramdisk, in bytes.</summary>
    public long MaxBootFileBytes { get; init; } = 1L << 30;

    /// <summary>Whether a LUKS version 1 volume is let in, as raw.</summary>
    public bool AllowLuks1 { get; init; }

    /// <summary>What compressed data may unfold to, from a file of so many bytes.</summary>
    internal long MaxExpandedBytes(long fileBytes) => fileBytes > long.MaxValue / MaxExpansionRatio
        ? long.MaxValue
        : Math.Max(ExpansionFloorBytes, fileBytes * MaxExpansionRatio);
}

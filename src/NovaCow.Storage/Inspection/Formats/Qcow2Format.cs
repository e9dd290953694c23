using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>qcow2, versions 2 and 3: the header's rules are the table below, then come the header
/// extensions and the walk of the cluster map.</summary>
internal sealed class Qcow2Format : ImageFormat
{
    private const int MaxL1Bytes = 32 << 20;
    private const long MaxRefcountTableBytes = 8 << 20;
    private const string Flatten = "flatten it with qemu-img convert";

    private static readonly Check<Qcow2Fields>[] s_checks =
    [
        new(InspectionRules.Qcow2HeaderLength, h => h.IsWhole ? null
            : $"the file has {h.Image.Length} bytes, less than a header; download it again"),
        new(InspectionRules.Qcow2Version, h => h.Version is 2 or 3 ? null
            : $"version {h.Version} at offset 4; {Flatten}"),
        new(InspectionRules.Qcow2BackingFile, h => h.BackingFileOffset == 0 ? null
            : $"offset 8 says that a backing file is named at {h.BackingFileOffset}; {Flatten}"),
        new(InspectionRules.Qcow2ClusterBits, h => h.ClusterBits is >= 9 and <= 21 ? null
            : $"{h.ClusterBits} cluster bits at offset 20, possible are 9 to 21; {Flatten}"),
        new(InspectionRules.Qcow2Encryption, h => h.CryptMethod == 0 ? null
            : $"encryption method {h.CryptMethod} at offset 32; decrypt it first"),
        new(InspectionRules.Qcow2Dirty, h => !h.IsDirty ? null
            : "bit 0 of the features at offset 72; repair it with qemu-img check -r all"),
        new(InspectionRules.Qcow2Corrupt, h => !h.IsCorrupt ? null
            : "bit 1 of the features at offset 72; repair it with qemu-img check -r all"),
        new(InspectionRules.Qcow2DataFile, h => !h.HasDataFile ? null
            : $"bit 2 of the features at offset 72: the data is in another file; {Flatten}"),
        new(InspectionRules.Qcow2DataFile, h => !h.HasRawDataFile ? null
            : $"bit 1 of the autoclear features at offset 88: raw data file; {Flatten}"),
        new(InspectionRules.Qcow2ExtendedL2, h => !h.HasExtendedL2 ? null
            : "bit 4 of the features at offset 72; convert it with -o extended_l2=off"),
        new(InspectionRules.Qcow2UnknownFeature, h => h.UnknownFeatures == 0 ? null
            : $"features 0x{h.UnknownFeatures:x} at offset 72 are unknown; {Flatten}"),
        new(InspectionRules.Qcow2HeaderLength, FaultOfHeaderLength),
        new(InspectionRules.Qcow2Compression, FaultOfCompression),
        new(InspectionRules.Qcow2Snapshots, h => h.Snapshots == 0 ? null
            : $"{h.Snapshots} snapshots at offset 60; delete them with qemu-img snapshot -d"),
        new(InspectionRules.VirtualSize, h => h.Limits.FaultOfVirtualSize(h.Size)),
        new(InspectionRules.Qcow2Size, h => h.Size % 512 == 0 ? null
            : $"{h.Size} bytes at offset 24; {Flatten}"),
        new(InspectionRules.Qcow2TooManyClusters, h =>
            h.HostClusters <= h.Limits.MaxHostUnits ? null
            : $"the file has {h.HostClusters} clusters, the limit is {h.Limits.MaxHostUnits}; "
              + "convert it with -o cluster_size=65536"),
        new(InspectionRules.Qcow2L1Table, FaultOfL1Table),
        new(InspectionRules.Qcow2RefcountTable, FaultOfRefcountTable),
    ];

    public override string Name => "qcow2";

    public override DiskFormat? Format => DiskFormat.Qcow2;

    public override bool Detects(ImageBytes image) =>
        image.Has(0, Signatures.Qcow) && !image.Has(4, [0, 0, 0, 1]);

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken)
    {
        var header = new Qcow2Fields(image, limits);
        return s_checks.FirstBroken(header)
            ?? Qcow2Extensions.FirstBroken(header)
            ?? new Qcow2Walk(header, cancellationToken).FirstBroken()
            ?? (Judgement)new Judgement.Sound((long)header.Size, Notes(header));
    }

    private static string[] Notes(Qcow2Fields header) =>
    [
        $"qcow2 version {header.Version}, clusters of {header.ClusterBytes} bytes, "
        + (header.CompressionType == 0 ? "zlib" : "zstd"),
    ];

    private static string? FaultOfHeaderLength(Qcow2Fields h)
    {
        if (h.Version == 2)
            return null;

        return h.HeaderBytes is >= Qcow2Fields.Version3Bytes
            && h.HeaderBytes % 8 == 0
            && h.HeaderBytes <= h.ClusterBytes
            && h.Image.Holds(0, h.HeaderBytes)
            ? null
            : $"{h.HeaderBytes} at offset 100 is no multiple of 8 from 104 to the cluster's "
              + $"{h.ClusterBytes} bytes, inside the file; {Flatten}";
    }

    private static string? FaultOfCompression(Qcow2Fields h) =>
        h.CompressionType <= 1 && h.HasCompressionType == (h.CompressionType != 0) ? null
            : $"type {h.CompressionType} at offset 104, while bit 3 of the features at offset 72 "
              + $"is {(h.HasCompressionType ? 1 : 0)}; {Flatten}";

    private static string? FaultOfL1Table(Qcow2Fields h)
    {
        var bytes = h.L1Entries * 8UL;
        if (bytes > MaxL1Bytes)
            return $"{h.L1Entries} entries at offset 36, more than 32 MiB; {Flatten}";

        if (h.L1Entries < h.L1EntriesNeeded)
        {
            return $"{h.L1Entries} entries at offset 36, but a disk of {h.Size} bytes needs "
                + $"{h.L1EntriesNeeded}; {Flatten}";
        }

        return h.L1Offset != 0 && h.IsAligned(h.L1Offset) && h.Image.Holds(h.L1Offset, bytes)
            ? null
            : $"offset 40 puts {bytes} bytes at {h.L1Offset}, which is no cluster inside the "
              + "file; download it again";
    }

    private static string? FaultOfRefcountTable(Qcow2Fields h)
    {
        var bytes = (ulong)h.RefcountTableClusters << (int)h.ClusterBits;
        if (bytes is 0 or > MaxRefcountTableBytes)
            return $"{h.RefcountTableClusters} clusters at offset 56, more than 8 MiB or none";

        if (h.RefcountOrder > 6)
            return $"refcount order {h.RefcountOrder} at offset 96, at most 6 is possible";

        return h.RefcountTableOffset != 0
            && h.IsAligned(h.RefcountTableOffset)
            && h.Image.Holds(h.RefcountTableOffset, bytes)
            ? null
            : $"offset 48 puts {bytes} bytes at {h.RefcountTableOffset}, which is no cluster "
              + "inside the file; download it again";
    }
}

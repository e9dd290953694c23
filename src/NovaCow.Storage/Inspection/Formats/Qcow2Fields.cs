namespace NovaCow.Storage.Inspection.Formats;

/// <summary>The fields of a qcow2 header, as they are; nothing in it has been checked.</summary>
internal sealed class Qcow2Fields
{
    public const int Version2Bytes = 72;
    public const int Version3Bytes = 104;

    private const ulong DirtyBit = 1;
    private const ulong CorruptBit = 2;
    private const ulong DataFileBit = 4;
    private const ulong CompressionBit = 8;
    private const ulong ExtendedL2Bit = 16;
    private const ulong RawDataFileBit = 2;

    public Qcow2Fields(ImageBytes image, InspectionLimits limits)
    {
        Image = image;
        Limits = limits;
        Version = image.Length >= 8 ? image.Head.U32Be(4) : 0;
        if (image.Length < Version2Bytes || (Version == 3 && image.Length < Version3Bytes))
            return;

        var head = image.Head;
        IsWhole = true;
        BackingFileOffset = head.U64Be(8);
        ClusterBits = head.U32Be(20);
        Size = head.U64Be(24);
        CryptMethod = head.U32Be(32);
        L1Entries = head.U32Be(36);
        L1Offset = head.U64Be(40);
        RefcountTableOffset = head.U64Be(48);
        RefcountTableClusters = head.U32Be(56);
        Snapshots = head.U32Be(60);
        if (Version < 3)
            return;

        Incompatible = head.U64Be(72);
        Autoclear = head.U64Be(88);
        RefcountOrder = head.U32Be(96);
        HeaderBytes = head.U32Be(100);
        if (HeaderBytes > Version3Bytes && image.Length > Version3Bytes)
            CompressionType = head[Version3Bytes];
    }

    public ImageBytes Image { get; }

    public InspectionLimits Limits { get; }

    public bool IsWhole { get; }

    public uint Version { get; }

    public ulong BackingFileOffset { get; }

    public uint ClusterBits { get; }

    public ulong Size { get; }

    public uint CryptMethod { get; }

    public uint L1Entries { get; }

    public ulong L1Offset { get; }

    public ulong RefcountTableOffset { get; }

    public uint RefcountTableClusters { get; }

    public uint Snapshots { get; }

    public ulong Incompatible { get; }

    public ulong Autoclear { get; }

    public uint RefcountOrder { get; } = 4;

    public uint HeaderBytes { get; } = Version2Bytes;

    public byte CompressionType { get; }

    public bool IsDirty => (Incompatible & DirtyBit) != 0;

    public bool IsCorrupt => (Incompatible & CorruptBit) != 0;

    public bool HasDataFile => (Incompatible & DataFileBit) != 0;

    public bool HasRawDataFile => (Autoclear & RawDataFileBit) != 0;

    public bool HasCompressionType => (Incompatible & CompressionBit) != 0;

    public bool HasExtendedL2 => (Incompatible & ExtendedL2Bit) != 0;

    public ulong UnknownFeatures => Incompatible
        & ~(DirtyBit | CorruptBit | DataFileBit | CompressionBit | ExtendedL2Bit);

    // The properties below hold once the cluster size has been judged.
    public int ClusterBytes => 1 << (int)ClusterBits;

    /// <summary>Guest clusters that one L2 table maps.</summary>
    public int L2Entries => ClusterBytes / 8;

    public long HostClusters => (Image.Length + ClusterBytes - 1) >> (int)ClusterBits;

    public ulong L1EntriesNeeded
    {
        get
        {
            var perTable = (ulong)ClusterBytes * (ulong)L2Entries;
            return (Size / perTable) + (Size % perTable == 0 ? 0UL : 1UL);
        }
    }

    public bool IsAligned(ulong offset) => (offset & (ulong)(ClusterBytes - 1)) == 0;
}

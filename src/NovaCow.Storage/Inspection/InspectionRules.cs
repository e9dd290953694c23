namespace NovaCow.Storage.Inspection;

/// <summary>One thing that an image must satisfy.</summary>
/// <param name="Name">Stable and short; verdicts name it.</param>
/// <param name="Meaning">What is required, in a sentence.</param>
public sealed record InspectionRule(string Name, string Meaning);

/// <summary>Every rule that inspection can refuse an image by; there is no other.</summary>
public static class InspectionRules
{
    private static readonly List<InspectionRule> s_all = [];

    // Whatever the format.
    public static readonly InspectionRule Empty =
        Rule("image: empty", "The file has bytes.");
    public static readonly InspectionRule DeclaredFormat =
        Rule("image: declared format", "The bytes are of the format that was declared.");
    public static readonly InspectionRule Ambiguous =
        Rule("image: more than one format", "The bytes are of one format, not of several.");
    public static readonly InspectionRule VirtualSize =
        Rule("image: virtual size", "The disk has a size, and it is within the limit.");

    // Formats that are refused by name.
    public static readonly InspectionRule Qcow1 =
        Rule("qcow: not supported", "qcow version 1 can name another file.");
    public static readonly InspectionRule Qed =
        Rule("qed: not supported", "QED can name another file.");
    public static readonly InspectionRule Parallels =
        Rule("parallels: not supported", "Parallels' format is not accepted.");
    public static readonly InspectionRule Bochs =
        Rule("bochs: not supported", "Bochs' format is not accepted.");
    public static readonly InspectionRule Cloop =
        Rule("cloop: not supported", "Compressed loop images are not accepted.");
    public static readonly InspectionRule Dmg =
        Rule("dmg: not supported", "Apple's disk images are not accepted.");
    public static readonly InspectionRule VmdkCowd =
        Rule("vmdk: COWD", "An ESX sparse extent is not a whole image.");
    public static readonly InspectionRule VmdkSeSparse =
        Rule("vmdk: seSparse", "An ESXi sparse extent is not a whole image.");
    public static readonly InspectionRule VmdkTextDescriptor =
        Rule("vmdk: text descriptor", "A descriptor names other files.");
    public static readonly InspectionRule Luks1 =
        Rule("luks: version 1", "A LUKS volume is let in by policy only.");
    public static readonly InspectionRule Luks2 =
        Rule("luks: version 2", "LUKS version 2 is not accepted.");
    public static readonly InspectionRule Gzip = Packed("gzip");
    public static readonly InspectionRule Xz = Packed("xz");
    public static readonly InspectionRule Zstd = Packed("zstd");
    public static readonly InspectionRule Bzip2 = Packed("bzip2");
    public static readonly InspectionRule Lz4 = Packed("lz4");
    public static readonly InspectionRule Zip = Packed("zip");
    public static readonly InspectionRule SevenZip = Packed("7z");
    public static readonly InspectionRule Tar = Packed("tar");

    // raw, its partition tables, and optical discs.
    public static readonly InspectionRule RawTooShort =
        Rule("raw: too short", "A disk has at least one sector of 512 bytes.");
    public static readonly InspectionRule MbrBootFlag =
        Rule("mbr: boot flag", "A partition's boot flag is 0x00 or 0x80.");
    public static readonly InspectionRule MbrProtective =
        Rule("mbr: protective entry", "An entry of type 0xEE starts at sector 1 and is alone.");
    public static readonly InspectionRule IsoTruncated =
        Rule("iso: truncated", "The file is as long as its volume says.");

    // Kernels and ramdisks, of which nothing else is asked.
    public static readonly InspectionRule BootFileSize =
        Rule("boot: size", "A kernel or a ramdisk is within the limit.");

    // qcow2.
    public static readonly InspectionRule Qcow2HeaderLength =
        Rule("qcow2: header length", "The header is whole, and as long as its version says.");
    public static readonly InspectionRule Qcow2Version =
        Rule("qcow2: version", "The version is 2 or 3.");
    public static readonly InspectionRule Qcow2BackingFile =
        Rule("qcow2: backing file", "No backing file is named.");
    public static readonly InspectionRule Qcow2ClusterBits =
        Rule("qcow2: cluster size", "Clusters are 512 bytes to 2 MiB.");
    public static readonly InspectionRule Qcow2Encryption =
        Rule("qcow2: encryption", "The image is not encrypted.");
    public static readonly InspectionRule Qcow2Dirty =
        Rule("qcow2: dirty", "The image was closed properly.");
    public static readonly InspectionRule Qcow2Corrupt =
        Rule("qcow2: corrupt", "The image is not marked corrupt.");
    public static readonly InspectionRule Qcow2DataFile =
        Rule("qcow2: external data file", "No data file is named, and no feature asks for one.");
    public static readonly InspectionRule Qcow2ExtendedL2 =
        Rule("qcow2: extended L2", "L2 entries are of the standard kind.");
    public static readonly InspectionRule Qcow2UnknownFeature =
        Rule("qcow2: unknown feature", "No incompatible feature is unknown.");
    public static readonly InspectionRule Qcow2Compression =
        Rule("qcow2: compression type", "The compression is zlib or zstd, and the bit says so.");
    public static readonly InspectionRule Qcow2Extension =
        Rule("qcow2: header extension", "Extensions lie in the first cluster, each kind once.");
    public static readonly InspectionRule Qcow2Bitmaps =
        Rule("qcow2: bitmaps", "There are no persistent bitmaps.");
    public static readonly InspectionRule Qcow2Snapshots =
        Rule("qcow2: internal snapshots", "There are no internal snapshots.");
    public static readonly InspectionRule Qcow2Size =
        Rule("qcow2: disk size", "The disk's size is a multiple of 512 bytes.");
    public static readonly InspectionRule Qcow2L1Table =
        Rule("qcow2: L1 table", "The L1 table is aligned, inside the file and long enough.");
    public static readonly InspectionRule Qcow2RefcountTable =
        Rule("qcow2: refcount table", "The refcount table is aligned, inside the file, bounded.");
    public static readonly InspectionRule Qcow2ReservedBits =
        Rule("qcow2: reserved bits", "Reserved bits of table entries are zero.");
    public static readonly InspectionRule Qcow2Alignment =
        Rule("qcow2: alignment", "Table entries point at the start of a cluster.");
    public static readonly InspectionRule Qcow2OutsideFile =
        Rule("qcow2: outside the file", "Table entries point inside the file.");
    public static readonly InspectionRule Qcow2Overlap =
        Rule("qcow2: cluster used twice", "A host cluster has one use.");
    public static readonly InspectionRule Qcow2Expansion =
        Rule("qcow2: expansion", "Compressed clusters unfold to a bounded total.");
    public static readonly InspectionRule Qcow2TooManyClusters =
        Rule("qcow2: too many clusters", "The file has a bounded number of clusters.");
    public static readonly InspectionRule Qcow2TooMuchMapping =
        Rule("qcow2: too much mapping", "The L2 tables have a bounded total size.");

    // VMDK.
    public static readonly InspectionRule VmdkHeader =
        Rule("vmdk: header", "The header is whole and of version 1, 2 or 3.");
    public static readonly InspectionRule VmdkCapacity =
        Rule("vmdk: capacity", "The header has the capacity; with 0 the descriptor would rule.");
    public static readonly InspectionRule VmdkGrains =
        Rule("vmdk: grain geometry", "Grains and grain tables have possible sizes.");
    public static readonly InspectionRule VmdkDescriptorPlace =
        Rule("vmdk: descriptor place", "The descriptor is in sector 1 and below 1 MiB.");
    public static readonly InspectionRule VmdkDescriptorLine =
        Rule("vmdk: descriptor line", "Every line of the descriptor is known.");
    public static readonly InspectionRule VmdkCreateType =
        Rule("vmdk: createType", "It is once monolithicSparse or streamOptimized.");
    public static readonly InspectionRule VmdkExtents =
        Rule("vmdk: extents", "There is one extent, sparse, named without a path.");
    public static readonly InspectionRule VmdkParent =
        Rule("vmdk: parent", "No parent is named.");
    public static readonly InspectionRule VmdkFooter =
        Rule("vmdk: footer", "A footer repeats the header, between its markers.");
    public static readonly InspectionRule VmdkMap =
        Rule("vmdk: grain map", "Grains and their tables lie inside the file, each used once.");
    public static readonly InspectionRule VmdkTooLarge =
        Rule("vmdk: too large", "The file and its grain tables have a bounded size.");
    public static readonly InspectionRule VmdkExpansion =
        Rule("vmdk: expansion", "Compressed grains unfold to a bounded total.");

    // VHD.
    public static readonly InspectionRule VhdFooter =
        Rule("vhd: footer", "The footer is whole, its checksum holds, and its copy is the same.");
    public static readonly InspectionRule VhdDiskType =
        Rule("vhd: disk type", "The disk is fixed or dynamic.");
    public static readonly InspectionRule VhdDifferencing =
        Rule("vhd: differencing", "No parent is named.");
    public static readonly InspectionRule VhdDynamicHeader =
        Rule("vhd: dynamic header", "A dynamic disk's header is whole and its block size sane.");
    public static readonly InspectionRule VhdMap =
        Rule("vhd: block map", "Blocks lie inside the file, each used once.");
    public static readonly InspectionRule VhdLength =
        Rule("vhd: file length", "A fixed disk's file holds the whole disk.");

    // VHDX.
    public static readonly InspectionRule VhdxHeader =
        Rule("vhdx: header", "One header is current and its checksum holds.");
    public static readonly InspectionRule VhdxLog =
        Rule("vhdx: log", "The log is empty.");
    public static readonly InspectionRule VhdxRegions =
        Rule("vhdx: region table", "Both tables agree, and regions lie apart, inside the file.");
    public static readonly InspectionRule VhdxMetadata =
        Rule("vhdx: metadata", "Every required item is there, once, and its value possible.");
    public static readonly InspectionRule VhdxParent =
        Rule("vhdx: parent", "No parent is named.");
    public static readonly InspectionRule VhdxMap =
        Rule("vhdx: block map", "Blocks lie inside the file, each used once.");

    // VDI.
    public static readonly InspectionRule VdiHeader =
        Rule("vdi: header", "The header is whole, version 1.1, with sizes that fit together.");
    public static readonly InspectionRule VdiImageType =
        Rule("vdi: image type", "The image is dynamic or static.");
    public static readonly InspectionRule VdiDifferencing =
        Rule("vdi: differencing", "No parent or link is named.");
    public static readonly InspectionRule VdiMap =
        Rule("vdi: block map", "Blocks lie inside the file, each used once.");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<InspectionRule> All => s_all;

    private static InspectionRule Rule(string name, string meaning)
    {
        var rule = new InspectionRule(name, meaning);
        s_all.Add(rule);
        return rule;
    }

    private static InspectionRule Packed(string name) =>
        Rule($"{name}: not a disk", "A packed file is not a disk image.");
}

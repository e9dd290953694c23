using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The header of a qcow2 file, of ours or somebody's, each field of it checked against the file's
/// length before it is used. What this store cannot keep when it rewrites a file is refused.
/// </summary>
internal sealed record Qcow2Metadata
{
    private const int Version2Bytes = 72, Version3Bytes = 104;
    private const uint Magic = 0x514649FB;
    private const int MinClusterBits = 9, MaxClusterBits = 21;
    private const long MaxL1Bytes = 32 << 20;
    private const ulong DirtyFeature = 1;

    public required uint Version { get; init; }

    public required int ClusterBits { get; init; }

    public required long SizeBytes { get; init; }

    public required long L1Offset { get; init; }

    public required int L1Entries { get; init; }

    public required bool HasBackingFile { get; init; }

    public int ClusterBytes => 1 << ClusterBits;

    public int L2Entries => ClusterBytes / 8;

    public long BytesPerL1Entry => (long)L2Entries << ClusterBits;

    /// <param name="file">The file.</param>
    /// <param name="path">How it is called in errors.</param>
    /// <exception cref="PortException">It is damaged, or has what cannot be kept.</exception>
    public static Qcow2Metadata Read(SafeFileHandle file, string path)
    {
        var start = new byte[Version3Bytes];
        var count = RandomAccess.Read(file, start, 0);
        var fileBytes = StoreFiles.Length(file);
        if (count < Version3Bytes || U32(start, 0) != Magic || U32(start, 4) is not (2 or 3))
            throw Damaged(path, 0, "is no header of qcow2");
        RefuseWhatIsNotKept(start, path);
        var bits = U32(start, 20);
        if (bits is < MinClusterBits or > MaxClusterBits)
            throw Damaged(path, 20, $"says clusters of 2^{bits} bytes");
        var found = new Qcow2Metadata
        {
            Version = U32(start, 4),
            ClusterBits = (int)bits,
            SizeBytes = I64(start, 24),
            L1Offset = I64(start, 40),
            L1Entries = (int)Math.Min(U32(start, 36), int.MaxValue),
            HasBackingFile = I64(start, 8) != 0,
        };
        found.Check(path, fileBytes);
        return found;
    }

    /// <summary>The file that it lies over, as it names it; null when it lies over none.</summary>
    /// <exception cref="PortException">The name is not in the file.</exception>
    public static string? ReadBackingFile(SafeFileHandle file, string path)
    {
        var start = new byte[Version2Bytes];
        RandomAccess.Read(file, start, 0);
        var (at, length) = (I64(start, 8), U32(start, 16));
        if (at == 0)
            return null;
        if (length > Qcow2Overlay.MaxBackingFileBytes
            || at < 0 || at > StoreFiles.Length(file) - length)
        {
            throw Damaged(path, 8, $"places a name of {length} bytes at {at}");
        }

        var name = new byte[length];
        RandomAccess.Read(file, name, at);
        return Encoding.UTF8.GetString(name);
    }

    public static PortException Damaged(string path, long offset, string cause) =>
        PortException.Final(
            LaunchErrorCode.VolumeDriver,
            $"{path}: what stands at offset {offset} {cause}; nothing was changed: look at it "
                + "with qemu-img check -f qcow2, or restore it from a backup");

    private void Check(string path, long fileBytes)
    {
        if (SizeBytes is <= 0 or > Qcow2Overlay.MaxVirtualBytes)
            throw Damaged(path, 24, $"says a disk of {SizeBytes} bytes");
        var needed = (SizeBytes + BytesPerL1Entry - 1) / BytesPerL1Entry;
        if (L1Entries < needed || L1Entries > MaxL1Bytes / 8)
            throw Damaged(path, 36, $"says {L1Entries} entries of L1, where {needed} are needed");
        if (L1Offset < ClusterBytes || L1Offset % ClusterBytes != 0
            || L1Offset > fileBytes - (8L * L1Entries))
        {
            throw Damaged(path, 40, $"places L1 at {L1Offset}, in a file of {fileBytes} bytes");
        }
    }

    private static void RefuseWhatIsNotKept(byte[] start, string path)
    {
        var isVersion3 = U32(start, 4) == 3;
        var features = isVersion3 ? (ulong)I64(start, 72) & ~DirtyFeature : 0;
        if (U32(start, 32) != 0)
            throw NotKept(path, "is encrypted", "convert it to one that is not");
        if (U32(start, 60) != 0)
            throw NotKept(path, "has internal snapshots", "delete them with qemu-img snapshot -d");
        if (features != 0)
        {
            throw NotKept(
                path,
                $"has the features {features:x}, which are not known here",
                "convert it with qemu-img convert -O qcow2");
        }

        if (isVersion3 && I64(start, 88) != 0)
        {
            throw NotKept(
                path,
                "has bitmaps or other extensions that a change would break",
                "remove them with qemu-img bitmap --remove");
        }
    }

    private static PortException NotKept(string path, string cause, string remedy) =>
        PortException.Final(
            LaunchErrorCode.InvalidRequest, $"{path} {cause}; nothing was changed: {remedy} first");

    private static uint U32(byte[] bytes, int at) =>
        BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));

    private static long I64(byte[] bytes, int at) =>
        BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(at));
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// A disk as EC2 lays it out: a master boot record, the root's file system as its first partition,
/// and local storage as its second, each at a whole MiB. Pure: where things are, and the record's
/// bytes.
/// </summary>
/// <param name="RootBytes">The first partition's size; a multiple of 512.</param>
/// <param name="Local">What the second partition is formatted with; null: there is none.</param>
internal sealed record PartitionedDisk(long RootBytes, BlankSpec? Local)
{
    /// <summary>The largest disk whose sectors the record's 32 bits can count.</summary>
    public const long MaxBytes = 1L << 41;

    public const int BootRecordBytes = 512;

    public const long RootStart = AlignmentBytes;

    private const long AlignmentBytes = 1 << 20;
    private const int FirstEntry = 446;
    private const int SignatureOffset = 440;
    private const byte Active = 0x80, Linux = 0x83, Swap = 0x82, Fat32 = 0x0c, Ntfs = 0x07;

    public long LocalStart => Aligned(RootStart + RootBytes);

    public long DiskBytes => Aligned(LocalStart + (Local?.SizeBytes ?? 0));

    /// <summary>Why there can be no such disk; null: there can.</summary>
    public string? Problem()
    {
        if (Local is { } local
            && (local.SizeBytes <= 0 || local.SizeBytes % RawFile.SectorBytes != 0))
        {
            return $"local storage of {local.SizeBytes} bytes is none: give a multiple of "
                + $"{RawFile.SectorBytes}";
        }

        // Each alone first, so that their sum cannot overflow.
        return RootBytes > MaxBytes || Local?.SizeBytes > MaxBytes || DiskBytes > MaxBytes
            ? $"a root of {RootBytes} bytes and local storage of {Local?.SizeBytes ?? 0} are more "
                + $"than the {MaxBytes} bytes that a master boot record can count: make them "
                + "smaller, or ask for the layout whole"
            : null;
    }

    /// <summary>The disk's first sector.</summary>
    /// <param name="signature">Names the disk to its guest; see <see cref="SignatureOf"/>.</param>
    public byte[] BootRecord(uint signature)
    {
        var sector = new byte[BootRecordBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(sector.AsSpan(SignatureOffset), signature);
        WriteEntry(sector.AsSpan(FirstEntry), RootStart, RootBytes, Linux);
        sector[FirstEntry] = Active;
        if (Local is { } local)
            WriteEntry(sector.AsSpan(FirstEntry + 16), LocalStart, local.SizeBytes, TypeOf(local));
        sector[510] = 0x55;
        sector[511] = 0xaa;
        return sector;
    }

    /// <summary>The signature of an instance's disk: the same whenever it is made, and never 0,
    /// which says that there is none.</summary>
    public static uint SignatureOf(InstanceId instance, DiskName disk)
    {
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes($"novacow {instance}/{disk}"));
        return Math.Max(1, BinaryPrimitives.ReadUInt32LittleEndian(hash));
    }

    private static byte TypeOf(BlankSpec blank) => blank.FileSystem switch
    {
        BlankFileSystem.Swap => Swap,
        BlankFileSystem.Vfat => Fat32,
        BlankFileSystem.Ntfs => Ntfs,
        _ => Linux,
    };

    private static void WriteEntry(Span<byte> entry, long start, long bytes, byte type)
    {
        var first = start / RawFile.SectorBytes;
        var count = bytes / RawFile.SectorBytes;
        WriteAddress(entry[1..], first);
        entry[4] = type;
        WriteAddress(entry[5..], first + count - 1);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], (uint)first);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], (uint)count);
    }

    /// <summary>A sector by cylinder, head and sector of a disk with 255 heads of 63 sectors, or
    /// the last that can be told so: what fdisk writes.</summary>
    private static void WriteAddress(Span<byte> to, long sector)
    {
        const int heads = 255, sectors = 63, maxCylinder = 1023;
        var cylinder = sector / (heads * sectors);
        var head = sector / sectors % heads;
        var number = (sector % sectors) + 1;
        if (cylinder > maxCylinder)
            (cylinder, head, number) = (maxCylinder, heads - 1, sectors);
        to[0] = (byte)head;
        to[1] = (byte)(number | ((cylinder >> 8) << 6));
        to[2] = (byte)cylinder;
    }

    private static long Aligned(long bytes) =>
        (bytes + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;
}

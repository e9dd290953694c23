namespace NovaCow.Storage.Tests.Inspection;

/// <summary>A VHDX of 3 MiB in blocks of 1 MiB, of which it holds one: headers, log, metadata,
/// block table, block, a MiB each.</summary>
internal static class CraftedVhdx
{
    public const int Slot = 64 << 10;
    public const int MiB = 1 << 20;
    public const int RegionTable = 3 * Slot;
    public const int Metadata = 2 * MiB;
    public const int Values = Metadata + Slot;
    public const int BlockTable = 3 * MiB;
    public const int Block = 4 * MiB;
    public const int FileParameters = Metadata + 32;
    public const int Region0 = RegionTable + 16;
    public const int Region1 = Region0 + 32;

    public static byte[] Image(Action<byte[]>? change = null)
    {
        var image = new byte[5 * MiB].Put(0, "vhdxfile"u8);
        foreach (var (at, sequence) in new[] { (Slot, 1UL), (2 * Slot, 2UL) })
        {
            image.Put(at, "head"u8).U64Le(at + 8, sequence).U16Le(at + 66, 1)
                .U32Le(at + 68, MiB).U64Le(at + 72, MiB);
        }

        image.Put(RegionTable, "regi"u8).U32Le(RegionTable + 8, 2)
            .Put(Region0, new Guid("2dc27766-f623-4200-9d64-115e9bfd4a08").ToByteArray())
            .U64Le(Region0 + 16, BlockTable).U32Le(Region0 + 24, MiB).U32Le(Region0 + 28, 1)
            .Put(Region1, new Guid("8b7ca206-4790-4b9a-b8fe-575f050f886e").ToByteArray())
            .U64Le(Region1 + 16, Metadata).U32Le(Region1 + 24, MiB).U32Le(Region1 + 28, 1)
            .Put(Metadata, "metadata"u8)
            .Item("caa16737-fa36-4d43-b3b6-33f0aa44e76b", 8)
            .Item("2fa54224-cd1b-4876-b211-5dbed83bf4b8", 8)
            .Item("beca12ab-b2e6-4523-93ef-c309e000c746", 16)
            .Item("8141bf1d-a96f-4709-ba47-f233a8faab5f", 4)
            .Item("cda348c7-445d-4471-9cc9-e9885251c556", 4)
            .U32Le(Values, MiB)
            .U64Le(Values + 16, 3 * MiB)
            .U32Le(Values + 48, 512)
            .U32Le(Values + 64, 512)
            .U64Le(BlockTable + 8, Block | 6);
        change?.Invoke(image);
        return image.Sealed();
    }

    /// <summary>Adds an item to the metadata; the values are 16 bytes apart.</summary>
    public static byte[] Item(this byte[] image, string id, uint length, uint flags = 4)
    {
        var index = image[Metadata + 10]++;
        var at = Metadata + 32 + (32 * index);
        return image.Put(at, new Guid(id).ToByteArray())
            .U32Le(at + 16, (uint)(Slot + (16 * index)))
            .U32Le(at + 20, length)
            .U32Le(at + 24, flags);
    }

    private static byte[] Sealed(this byte[] image)
    {
        Seal(image.AsSpan(Slot, 4096));
        Seal(image.AsSpan(2 * Slot, 4096));
        Seal(image.AsSpan(RegionTable, Slot));
        return image.Put(RegionTable + Slot, image.AsSpan(RegionTable, Slot));
    }

    // CRC-32C, bit by bit, so that it owes nothing to the product's.
    private static void Seal(Span<byte> bytes)
    {
        bytes[4..8].Clear();
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0x82f63b78);
        }

        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], ~crc);
    }
}

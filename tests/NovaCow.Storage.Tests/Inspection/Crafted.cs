using System.Buffers.Binary;

namespace NovaCow.Storage.Tests.Inspection;

/// <summary>Writes fields into images made in memory; each call returns the image, for chaining.
/// </summary>
internal static class Crafted
{
    public static byte[] Put(this byte[] image, int at, params ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(image.AsSpan(at));
        return image;
    }

    public static byte[] U16Be(this byte[] image, int at, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(image.AsSpan(at), value);
        return image;
    }

    public static byte[] U32Be(this byte[] image, int at, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(image.AsSpan(at), value);
        return image;
    }

    public static byte[] U64Be(this byte[] image, int at, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(image.AsSpan(at), value);
        return image;
    }

    public static byte[] U16Le(this byte[] image, int at, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), value);
        return image;
    }

    public static byte[] U32Le(this byte[] image, int at, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(at), value);
        return image;
    }

    public static byte[] U64Le(this byte[] image, int at, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(at), value);
        return image;
    }

    /// <summary>A disk of this many bytes that has no format of its own.</summary>
    public static byte[] Raw(int bytes = 64 << 10)
    {
        var image = new byte[bytes];
        for (var i = 0; i < bytes; i++)
            image[i] = (byte)((i * 7) + (i >> 8) + 1);

        return image;
    }
}

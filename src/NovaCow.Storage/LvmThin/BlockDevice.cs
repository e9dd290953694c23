using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>
/// Reads and writes whole disks on block devices, in grains, skipping those that are all zeros. It
/// blocks. Works on files, too.
/// </summary>
internal static class BlockDevice
{
    /// <summary>What is compared and skipped at a time: a thin pool's smallest chunk.</summary>
    public const int GrainBytes = 64 << 10;

    private const int PieceBytes = 1 << 20;
    private const int SeekEnd = 2;

    /// <summary>Opens a device, following links to it; null and why when that fails.</summary>
    public static SafeFileHandle? TryOpen(string path, int flags, out int errno)
    {
        var fd = LibC.open(path, flags | LibC.O_CLOEXEC, 0);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <exception cref="StoreIoException">It cannot be opened.</exception>
    public static SafeFileHandle OpenToRead(string path) =>
        TryOpen(path, LibC.O_RDONLY, out var errno)
            ?? throw new StoreIoException("open", path, errno);

    /// <summary>Opens a device for writing, and for nobody else that asks for that.</summary>
    /// <exception cref="StoreIoException">It cannot be opened, or another has it.</exception>
    public static SafeFileHandle OpenToWrite(string path) =>
        TryOpen(path, LibC.O_RDWR | LibC.O_EXCL, out var errno)
            ?? throw new StoreIoException("open", path, errno);

    /// <summary>Writes a disk's data into an empty device.</summary>
    /// <returns>The digest of the data, and how many chunks of the pool were written.</returns>
    public static (string Digest, long Chunks) Copy(
        StoreFiles files, SafeFileHandle source, DeviceTarget target, DiskWalk walk)
    {
        using var digest = new DataDigest();
        long chunks = 0, last = -1;
        foreach (var (offset, grain) in ReadData(source, walk))
        {
            digest.Add(offset, grain.Span);
            files.Write(target.File, target.Path, grain.Span, offset);
            if (offset / target.ChunkBytes == last)
                continue;
            last = offset / target.ChunkBytes;
            chunks += Math.Max(1, GrainBytes / target.ChunkBytes);
        }

        return (digest.End(), chunks);
    }

    /// <summary>Writes only what differs: afterwards the target reads as the source.</summary>
    public static void CopyDifferences(
        StoreFiles files, SafeFileHandle source, DeviceTarget target, DiskWalk walk)
    {
        var theirs = GC.AllocateUninitializedArray<byte>(GrainBytes);
        foreach (var (offset, grain) in ReadAll(source, walk))
        {
            var count = RandomAccess.Read(target.File, theirs.AsSpan(0, grain.Length), offset);
            if (!grain.Span.SequenceEqual(theirs.AsSpan(0, count)))
                files.Write(target.File, target.Path, grain.Span, offset);
        }
    }

    /// <summary>What <see cref="Copy"/> said of the same data.</summary>
    public static string Digest(SafeFileHandle source, DiskWalk walk)
    {
        using var digest = new DataDigest();
        foreach (var (offset, grain) in ReadData(source, walk))
            digest.Add(offset, grain.Span);
        return digest.End();
    }

    /// <summary>The size of a device or a file, in bytes.</summary>
    public static long Length(SafeFileHandle device) => LibC.lseek(device, 0, SeekEnd);

    private static IEnumerable<(long Offset, ReadOnlyMemory<byte> Grain)> ReadData(
        SafeFileHandle source, DiskWalk walk) =>
        ReadAll(source, walk).Where(g => g.Grain.Span.ContainsAnyExcept((byte)0));

    private static IEnumerable<(long Offset, ReadOnlyMemory<byte> Grain)> ReadAll(
        SafeFileHandle source, DiskWalk walk)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(PieceBytes);
        for (long offset = 0; offset < walk.Bytes;)
        {
            walk.Token.ThrowIfCancellationRequested();
            if (walk.SkipsHoles)
                offset = NextData(source, offset, walk.Bytes) / PieceBytes * PieceBytes;
            var wanted = (int)Math.Min(PieceBytes, walk.Bytes - offset);
            var count = RandomAccess.Read(source, buffer.AsSpan(0, wanted), offset);
            if (count == 0)
                yield break;
            for (var at = 0; at < count; at += GrainBytes)
                yield return (offset + at, buffer.AsMemory(at, Math.Min(GrainBytes, count - at)));
            offset += count;
            walk.Progress?.Report(offset);
        }
    }

    private static long NextData(SafeFileHandle file, long offset, long length)
    {
        var data = LibC.lseek(file, offset, LibC.SEEK_DATA);
        if (data >= 0)
            return data;

        // No data from here on; anything else says that this cannot tell.
        return Marshal.GetLastPInvokeError() == LibC.ENXIO ? length : offset;
    }

    /// <summary>A digest of a disk's data that takes no time for what is zeros: of each grain
    /// that has data, its offset and bytes.</summary>
    private sealed class DataDigest : IDisposable
    {
        private readonly IncrementalHash _hash =
            IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public void Add(long offset, ReadOnlySpan<byte> grain)
        {
            Span<byte> at = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(at, offset);
            _hash.AppendData(at);
            _hash.AppendData(grain);
        }

        public string End() => Convert.ToHexStringLower(_hash.GetHashAndReset());

        public void Dispose() => _hash.Dispose();
    }
}

/// <summary>A device to write to.</summary>
/// <param name="File">Open for writing.</param>
/// <param name="Path">Its path.</param>
/// <param name="ChunkBytes">What its pool maps at a time.</param>
internal sealed record DeviceTarget(SafeFileHandle File, string Path, long ChunkBytes);

/// <summary>How far a disk is read.</summary>
/// <param name="Bytes">The disk's size.</param>
/// <param name="SkipsHoles">Whether what a file has no blocks for is passed over.</param>
/// <param name="Progress">Told how far it is.</param>
/// <param name="Token">Gives up.</param>
internal sealed record DiskWalk(
    long Bytes, bool SkipsHoles, IProgress<long>? Progress, CancellationToken Token);

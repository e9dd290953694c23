using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Reads raw files whole, to say what is in them. Holes are not read. It blocks.</summary>
internal static class BaseDigest
{
    /// <summary>How a <see cref="Seal"/> is computed; another way gets another name.</summary>
    public const string SealMethod = "sha256-of-nonzero-mebibytes";

    private const int PieceBytes = 1 << 20;
    private static readonly byte[] s_zeros = new byte[PieceBytes];

    /// <summary>The digest of all bytes, as the tools that are named like the algorithm compute it.
    /// </summary>
    public static Digest Whole(
        SafeFileHandle file,
        string algorithm,
        IProgress<long>? progress,
        CancellationToken token)
    {
        var name = new HashAlgorithmName(algorithm.ToUpperInvariant());
        using var hash = IncrementalHash.CreateHash(name);
        var at = 0L;
        Read(file, progress, token, (offset, piece) =>
        {
            AddZeros(offset - at);
            hash.AppendData(piece);
            at = offset + piece.Length;
        });
        AddZeros(StoreFiles.Length(file) - at);
        return Digest.FromHash(algorithm, hash.GetHashAndReset());

        void AddZeros(long bytes)
        {
            for (; bytes > 0; bytes -= s_zeros.Length)
            {
                token.ThrowIfCancellationRequested();
                hash.AppendData(s_zeros.AsSpan(0, (int)Math.Min(bytes, s_zeros.Length)));
            }
        }
    }

    /// <summary>
    /// Says as much as <see cref="Whole"/> of a file's bytes, at the cost of those that are not
    /// zero: SHA-256 over each MiB that is not all zeros, after its offset, and then the length.
    /// </summary>
    public static Digest Seal(
        SafeFileHandle file, IProgress<long>? progress, CancellationToken token)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var number = new byte[sizeof(long)];
        Read(file, progress, token, (offset, piece) =>
        {
            if (!piece.ContainsAnyExcept((byte)0))
                return;
            AddNumber(offset);
            hash.AppendData(piece);
        });
        AddNumber(StoreFiles.Length(file));
        return Digest.Sha256(hash.GetHashAndReset());

        void AddNumber(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, value);
            hash.AppendData(number);
        }
    }

    private static void Read(
        SafeFileHandle file,
        IProgress<long>? progress,
        CancellationToken token,
        Action<long, ReadOnlySpan<byte>> onPiece)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(PieceBytes);
        var length = StoreFiles.Length(file);
        var read = 0L;
        for (long offset = 0; offset < length;)
        {
            token.ThrowIfCancellationRequested();
            offset = RawFile.NextData(file, offset, length) / PieceBytes * PieceBytes;
            var want = (int)Math.Min(PieceBytes, length - offset);
            var count = ReadWhole(file, buffer.AsSpan(0, want), offset);
            if (count == 0)
                break;
            onPiece(offset, buffer.AsSpan(0, count));
            offset += count;
            progress?.Report(read += count);
        }
    }

    // A short read would move the pieces that come after it.
    private static int ReadWhole(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        var done = 0;
        while (done < buffer.Length)
        {
            var count = RandomAccess.Read(file, buffer[done..], offset + done);
            if (count == 0)
                break;
            done += count;
        }

        return done;
    }
}

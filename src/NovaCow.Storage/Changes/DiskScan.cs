namespace NovaCow.Storage;

/// <summary>
/// Reads a disk once from end to end beside the base that it is to lie over, and gives a sink what
/// differs, by grains of 64 KiB. Holes that both have cost nothing; what is zero in the disk alone
/// is not stored.
/// </summary>
/// <param name="disk">What is read.</param>
/// <param name="basis">What it is compared with; null: zeros.</param>
/// <param name="sink">Takes what differs.</param>
internal sealed class DiskScan(IDiskView disk, IDiskView? basis, IDiskSink sink) : IDisposable
{
    public const int GrainBytes = 64 << 10;
    private const int PieceBytes = 2 << 20;

    private readonly byte[] _disk = GC.AllocateUninitializedArray<byte>(PieceBytes);
    private readonly byte[] _base = GC.AllocateUninitializedArray<byte>(PieceBytes);
    private readonly SecondThread _reader = new("change");
    private readonly byte[] _zeros = new byte[GrainBytes];

    /// <summary>Until where, from an offset on, disk and base are known to have the same bytes
    /// without a look at them; the offset itself when that is not known.</summary>
    public Func<long, long> KnownSameUntil { get; init; } = static offset => offset;

    /// <param name="sizeBytes">Where to end; at least the disk's size.</param>
    /// <param name="advance">Called after each piece with where it ends and the bytes read.</param>
    public void Run(long sizeBytes, Action<long, long> advance)
    {
        for (long at = 0; at < sizeBytes;)
        {
            var next = Math.Min(NextData(disk, at, sizeBytes), NextData(basis, at, sizeBytes));
            at = Math.Max(at, Grain(next));
            if (next >= sizeBytes)
                break;
            var same = Math.Min(Grain(KnownSameUntil(at)), sizeBytes);
            if (same > at)
            {
                at = same;
                advance(at, 0);
                continue;
            }

            var length = (int)Math.Min(PieceBytes, sizeBytes - at);
            var read = Piece(at, length);
            at += length;
            advance(at, read);
        }

        advance(sizeBytes, 0);
    }

    public void Dispose() => _reader.Dispose();

    /// <returns>The bytes of the disk that had to be read.</returns>
    private long Piece(long at, int length)
    {
        if (NextData(disk, at, long.MaxValue) >= at + length)
        {
            sink.Zeros(at, length);
            return 0;
        }

        var ours = _disk.AsSpan(0, length);
        var theirs = _base.AsSpan(0, length);
        var isBlank = NextData(basis, at, long.MaxValue) >= at + length;
        if (!isBlank)
            _reader.Start(() => basis!.Read(at, _base.AsSpan(0, length)));
        try
        {
            disk.Read(at, ours);
        }
        finally
        {
            _reader.Wait();
        }

        Compare(at, ours, isBlank ? default : theirs);
        return length;
    }

    /// <summary>Grains of one kind that follow each other are given together.</summary>
    private void Compare(long at, ReadOnlySpan<byte> ours, ReadOnlySpan<byte> theirs)
    {
        for (var from = 0; from < ours.Length;)
        {
            var kind = KindOf(ours, theirs, from);
            var to = End(from, ours.Length);
            while (to < ours.Length && KindOf(ours, theirs, to) == kind)
                to = End(to, ours.Length);
            if (kind == Kind.Data)
                sink.Data(at + from, ours[from..to]);
            else if (kind == Kind.Zeros)
                sink.Zeros(at + from, to - from);
            else
                sink.Same(at + from, to - from);
            from = to;
        }
    }

    private Kind KindOf(ReadOnlySpan<byte> ours, ReadOnlySpan<byte> theirs, int from)
    {
        var grain = ours[from..End(from, ours.Length)];
        var zeros = _zeros.AsSpan(0, grain.Length);
        var other = theirs.IsEmpty ? zeros : theirs.Slice(from, grain.Length);
        if (grain.SequenceEqual(other))
            return Kind.Same;
        return grain.SequenceEqual(zeros) ? Kind.Zeros : Kind.Data;
    }

    private static int End(int from, int length) => Math.Min(from + GrainBytes, length);

    private static long Grain(long offset) => offset / GrainBytes * GrainBytes;

    private static long NextData(IDiskView? view, long at, long end) =>
        view is not null && at < view.SizeBytes && view.NextData(at) is var next
            && next < view.SizeBytes
            ? next
            : end;

    private enum Kind
    {
        Same,
        Zeros,
        Data,
    }
}

using System.Buffers;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>A flat table of a map: how wide its entries are, and where it lies.</summary>
internal readonly record struct MapTable(
    string Name, long Offset, long Entries, int EntryBytes, bool IsBigEndian)
{
    private const int ChunkBytes = 64 << 10;

    /// <summary>Visits each entry with its value and its place.</summary>
    /// <returns>The first fault found; null when there is none.</returns>
    public string? FirstFault(
        ImageBytes image,
        InspectionLimits limits,
        Func<ulong, long, string?> visit,
        CancellationToken cancellationToken)
    {
        if (Entries > limits.MaxMappingBytes / EntryBytes)
            return $"the {Name} has {Entries} entries, more than {limits.MaxMappingBytes} bytes";

        var bytes = Entries * EntryBytes;
        if (!image.Holds(Offset, bytes))
            return $"the {Name} of {bytes} bytes at offset {Offset} leaves the file";

        // Images can have very many small tables.
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(ChunkBytes, bytes));
        try
        {
            for (var done = 0L; done < bytes; done += ChunkBytes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var chunk = buffer.AsSpan(0, (int)Math.Min(ChunkBytes, bytes - done));
                image.ReadInto(Offset + done, chunk);
                if (FirstFault(chunk, Offset + done, visit) is { } fault)
                    return fault;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return null;
    }

    private string? FirstFault(
        ReadOnlySpan<byte> chunk, long offset, Func<ulong, long, string?> visit)
    {
        for (var i = 0; i < chunk.Length; i += EntryBytes)
        {
            if (visit(Value(chunk[i..]), offset + i) is { } fault)
                return fault;
        }

        return null;
    }

    private ulong Value(ReadOnlySpan<byte> entry) => (EntryBytes, IsBigEndian) switch
    {
        (4, false) => entry.U32Le(0),
        (4, true) => entry.U32Be(0),
        _ => entry.U64Le(0),
    };
}

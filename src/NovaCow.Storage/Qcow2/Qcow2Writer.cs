using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>
/// Writes a whole qcow2 file in one pass: clusters of data as they come, each L2 table when its
/// last cluster is known, then L1, the refcounts and, last of all, the header. It keeps one L2
/// table and L1 in memory.
/// </summary>
/// <param name="files">Writes it.</param>
/// <param name="target">The empty file and its path.</param>
/// <param name="virtualBytes">The size of the disk.</param>
/// <param name="backingFile">As the header is to name it; null: it lies over nothing.</param>
internal sealed class Qcow2Writer(
    StoreFiles files,
    (SafeFileHandle File, string Path) target,
    long virtualBytes,
    string? backingFile) : IDiskSink
{
    private const int ClusterBytes = Qcow2Overlay.ClusterBytes;
    private const int L2Entries = ClusterBytes / 8;
    private const int RefcountsPerBlock = ClusterBytes / 2;
    private const ulong Copied = 1UL << 63, Zero = 1;

    private readonly ulong[] _l1 = new ulong[Qcow2Overlay.L1Entries(virtualBytes)];
    private readonly ulong[] _l2 = new ulong[L2Entries];
    private readonly WriteBehind _written = new(files, target.File, target.Path);
    private int _table = -1;

    /// <summary>Cluster 0 is the header's.</summary>
    private long _next = 1;

    public void Data(long offset, ReadOnlySpan<byte> bytes)
    {
        var host = Allocate((bytes.Length + ClusterBytes - 1) / ClusterBytes);
        files.Write(target.File, target.Path, bytes, host);
        _written.Wrote(host, bytes.Length);
        for (var done = 0; done < bytes.Length; done += ClusterBytes)
            Put(offset + done, (ulong)(host + done) | Copied);
    }

    public void Zeros(long offset, long length)
    {
        for (var end = offset + length; offset < end; offset += ClusterBytes)
            Put(offset, Zero);
    }

    public void Same(long offset, long length)
    {
    }

    public void Finish()
    {
        EndTable();
        var l1At = Allocate(((8L * _l1.Length) + ClusterBytes - 1) / ClusterBytes);
        WriteTable(_l1, l1At);
        var tables = WriteRefcounts(l1At);
        files.SetLength(target.File, target.Path, _next * ClusterBytes);
        files.Write(
            target.File, target.Path, Qcow2Overlay.Header(virtualBytes, backingFile, tables), 0);
    }

    private void Put(long offset, ulong entry)
    {
        var table = (int)(offset / Qcow2Overlay.BytesPerL1Entry);
        if (table != _table)
            EndTable();
        _table = table;
        _l2[(int)(offset / ClusterBytes % L2Entries)] = entry;
    }

    private void EndTable()
    {
        if (_table < 0)
            return;
        var host = Allocate(1);
        WriteTable(_l2, host);
        _l1[_table] = (ulong)host | Copied;
        _table = -1;
        Array.Clear(_l2);
    }

    /// <summary>Every cluster of the file is used once, those of the refcounts too.</summary>
    private Qcow2Tables WriteRefcounts(long l1At)
    {
        long blocks = 0, tableClusters = 0, total;
        while (true)
        {
            total = _next + tableClusters + blocks;
            var needed = (total + RefcountsPerBlock - 1) / RefcountsPerBlock;
            var neededTable = ((8 * needed) + ClusterBytes - 1) / ClusterBytes;
            if (needed == blocks && neededTable == tableClusters)
                break;
            (blocks, tableClusters) = (needed, neededTable);
        }

        var tableAt = Allocate(tableClusters);
        var table = new ulong[blocks];
        var ones = new byte[ClusterBytes];
        for (var i = 1; i < ones.Length; i += 2)
            ones[i] = 1;
        for (long block = 0; block < blocks; block++)
        {
            var host = Allocate(1);
            var used = Math.Min(RefcountsPerBlock, total - (block * RefcountsPerBlock));
            table[block] = (ulong)host;
            files.Write(target.File, target.Path, ones.AsSpan(0, (int)used * 2), host);
        }

        WriteTable(table, tableAt);
        return new Qcow2Tables(l1At, tableAt, tableClusters);
    }

    /// <summary>Where that many clusters follow each other that nothing uses yet.</summary>
    private long Allocate(long clusters)
    {
        var host = _next * ClusterBytes;
        _next += clusters;
        return host;
    }

    private void WriteTable(ulong[] table, long host)
    {
        var bytes = new ulong[table.Length];
        BinaryPrimitives.ReverseEndianness(table, bytes);
        files.Write(target.File, target.Path, MemoryMarshal.AsBytes(bytes.AsSpan()), host);
    }
}

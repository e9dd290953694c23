using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>
/// Makes a qcow2 disk larger where it stands: one write within the header's sector, so that the
/// disk has its old size or its new one, whenever the power goes.
/// </summary>
internal static class Qcow2Growth
{
    private const int SizeOffset = 24;

    /// <summary>
    /// Grows the disk; the caller syncs it. False, and nothing was changed, when the file has to be
    /// written anew: its L1 table needs more clusters, or something lies behind the disk's end that
    /// a guest would see.
    /// </summary>
    /// <param name="files">Writes it.</param>
    /// <param name="target">The file, open for writing.</param>
    /// <param name="backing">What it lies over.</param>
    /// <param name="bytes">The new size, above the old one.</param>
    public static bool TryGrow(
        StoreFiles files,
        (SafeFileHandle File, string Path) target,
        IDiskView? backing,
        long bytes)
    {
        var (file, path) = target;
        var header = Qcow2Metadata.Read(file, path);
        var entries = Math.Max(
            header.L1Entries, (bytes + header.BytesPerL1Entry - 1) / header.BytesPerL1Entry);
        var room = Clusters(8L * header.L1Entries) * header.ClusterBytes;
        var view = new Qcow2View(file, path, backing);
        if (8 * entries > room || backing?.SizeBytes > view.SizeBytes || view.HasBytesPastTheEnd())
            return false;

        ClearEntries();
        var fields = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(fields, bytes);
        BinaryPrimitives.WriteUInt32BigEndian(fields.AsSpan(12), (uint)entries);
        files.Write(file, path, fields, SizeOffset);
        return true;

        long Clusters(long count) => (count + header.ClusterBytes - 1) / header.ClusterBytes;

        void ClearEntries()
        {
            var from = header.L1Offset + (8L * header.L1Entries);
            var end = header.L1Offset + (8 * entries);
            if (StoreFiles.Length(file) < end)
                files.SetLength(file, path, end);
            var found = new byte[end - from];
            new RawView(file).Read(from, found);
            if (found.AsSpan().ContainsAnyExcept((byte)0))
                files.Write(file, path, new byte[found.Length], from);
            if (entries > header.L1Entries)
                files.Sync(file, path);
        }
    }
}

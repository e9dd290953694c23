using System.Security.Cryptography;
using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Storage;

/// <summary>What was written down of an image that was made of a disk.</summary>
/// <param name="Digest">The digest of its file.</param>
/// <param name="SizeBytes">The file's length.</param>
/// <param name="VirtualSizeBytes">The disk's size.</param>
/// <param name="Instance">Whose disk it was.</param>
/// <param name="Disk">Which.</param>
/// <param name="MadeAt">When it was made.</param>
internal sealed record CaptureRecord(
    Digest Digest,
    long SizeBytes,
    long VirtualSizeBytes,
    InstanceId Instance,
    DiskName Disk,
    DateTimeOffset MadeAt)
{
    /// <summary>The cluster it was made for; null: that was not written down.</summary>
    public string? Cluster { get; init; }
}

/// <summary>
/// The images that were made of disks in one store: published, found and removed. It blocks.
/// </summary>
/// <remarks>An image is there once its record is, which comes after its file is durable under its
/// name, and goes before it. What has no record is removed by the next start.</remarks>
internal sealed class CaptureShelf(HostStore store)
{
    private const int PieceBytes = 1 << 20;

    private readonly StoreLayout _layout = store.Layout;
    private readonly StoreFiles _files = store.Files;

    /// <summary>The record of an image that is here; null: it is not.</summary>
    public CaptureRecord? Find(Digest digest) =>
        StoreRecords.TryRead<CaptureRecord>(_layout.CaptureRecord(digest), out _) is { } record
            && record.Digest == digest
            && StoreFiles.TryStat(_layout.Capture(digest), out var stat)
            && stat.IsFile && stat.Size == record.SizeBytes
            ? record
            : null;

    /// <summary>The images that are here.</summary>
    public IReadOnlyList<HeldCapture> List() =>
    [
        .. Directory.EnumerateFiles(_layout.Captures)
            .Select(path => DigestOfName(Path.GetFileName(path), StoreLayout.CaptureExtension))
            .OfType<Digest>()
            .Select(Find)
            .OfType<CaptureRecord>()
            .OrderBy(r => r.Digest.Hex, StringComparer.Ordinal)
            .Select(r => new HeldCapture(r.Digest, r.SizeBytes) { Cluster = r.Cluster }),
    ];

    /// <summary>Gives a whole and synced file its name, which is its digest. The same bytes are
    /// kept once.</summary>
    public CaptureRecord Publish(string built, CaptureRecord record)
    {
        var path = _layout.Capture(record.Digest);
        if (Find(record.Digest) is { } known)
        {
            _files.Delete(built);
            return known;
        }

        _files.Rename(built, path);
        _files.SyncDirectory(_layout.Captures);
        StoreRecords.Publish(_files, _layout.CaptureRecord(record.Digest), record);
        return record;
    }

    /// <summary>Removes an image; one that is not here is no error.</summary>
    public void Remove(Digest digest)
    {
        _files.Delete(_layout.CaptureRecord(digest));
        _files.SyncDirectory(_layout.Captures);
        _files.Delete(_layout.Capture(digest));
    }

    /// <summary>The digest of a file's bytes.</summary>
    public Digest DigestOf(string path, CancellationToken token)
    {
        using var file = _files.OpenToRead(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[PieceBytes];
        for (long at = 0; ;)
        {
            token.ThrowIfCancellationRequested();
            var count = RandomAccess.Read(file, buffer, at);
            if (count == 0)
                return Digest.Sha256(hash.GetHashAndReset());
            hash.AppendData(buffer, 0, count);
            at += count;
        }
    }

    /// <summary>Removes what a crash left of images that were being made or removed.</summary>
    /// <remarks>What was renamed or removed may not be durable yet; where nothing is left, the
    /// record's removal was.</remarks>
    public static void RemoveLeftovers(HostStore store)
    {
        var (layout, files) = (store.Layout, store.Files);
        var entries = Directory.GetFileSystemEntries(layout.Captures);
        if (entries.Length > 0)
            files.SyncDirectory(layout.Captures);
        foreach (var path in entries)
        {
            var name = Path.GetFileName(path);
            var whole = InstanceFiles.WithoutTemporary(name);
            if (StoreLayout.IsOfUnfinishedCapture(name) || (whole != name && IsRecord(whole)))
                files.DeleteTree(path);
            else if (IsData(name) && !StoreFiles.TryStat(RecordOf(path), out _))
                files.Delete(path);
            else if (!IsData(name) && !IsRecord(name))
                store.Note($"{path} is no file of this store; it was left alone");
            else if (IsRecord(name) && !StoreFiles.TryStat(DataOf(path), out _))
                store.Note($"{path}: the image that it describes is not there");
        }
    }

    private static bool IsData(string name) => Is(name, StoreLayout.CaptureExtension);

    private static bool IsRecord(string name) => Is(name, StoreLayout.CaptureRecordExtension);

    private static bool Is(string name, string extension) =>
        DigestOfName(name, extension) is not null;

    private static Digest? DigestOfName(string name, string extension) =>
        name.EndsWith(extension, StringComparison.Ordinal)
        && name.IndexOf('-') is > 0 and var dash
        && Digest.TryParse(
            $"{name[..dash]}:{name[(dash + 1)..^extension.Length]}", out var digest, out _)
            ? digest
            : null;

    private static string RecordOf(string path) =>
        Path.ChangeExtension(path, StoreLayout.CaptureRecordExtension);

    private static string DataOf(string path) =>
        Path.ChangeExtension(path, StoreLayout.CaptureExtension);
}

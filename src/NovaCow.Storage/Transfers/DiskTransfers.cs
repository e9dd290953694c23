using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Sends one store's disks to other hosts, and takes theirs in, as disks of one kind. What lies
/// over an image's base goes as what differs from it; all else as the bytes that are not zeros.
/// </summary>
/// <remarks>A disk that comes has a temporary name until it is whole, its digest is right, and it
/// is synced; what a crash leaves is removed by the next start.</remarks>
/// <param name="store">Where the disks are.</param>
/// <param name="disks">Reads what was made.</param>
/// <param name="kind">What disks that come become.</param>
/// <param name="throttle">Slows what is read of disks that go.</param>
internal sealed class DiskTransfers(
    HostStore store, FileDisks disks, IDiskKind kind, ChangeThrottle throttle)
{
    private readonly StoreFiles _files = store.Files;

    public void Export(
        InstanceId instance, InstanceDisk disk, Stream into, CancellationToken token)
    {
        var found = FoundDisk.Read(
            store, new DiskChangeRequest(instance, disk, new DiskChange.Flatten()));
        using var opened = found.Open(_files);
        var basePath = found.Facts.Base is { IsOfImage: true } key
            ? store.Layout.BaseData(key)
            : null;
        using var basis = basePath is null ? null : _files.OpenToRead(basePath);
        using var writer = new TransferWriter(
            into,
            found.Facts.VirtualSizeBytes,
            basis is null ? TransferFormat.OverZeros : TransferFormat.OverBase,
            token);
        var below = basis is null ? null : new RawView(basis);
        using var scan = new DiskScan(opened.View, below, writer)
        {
            KnownSameUntil = basis is null ? static offset => offset
                : opened.View is Qcow2View overlay ? overlay.BackedUntil
                : opened.SameUntil(_files, basis, basePath!),
        };
        var pace = new Pace(throttle, progress: null, token);
        scan.Run(
            found.Facts.VirtualSizeBytes, (at, read) => pace.Advance(opened.Lease, at, read));
        opened.Lease.Check();
        writer.Finish();
    }

    /// <summary>Whether the disk is there already: then it is whole, as it has its name only
    /// then.</summary>
    public InstanceDisk? Find(CloneRequest request)
    {
        var path = PathOf(request);
        return StoreFiles.TryStat(path, out _) ? Result(request, path) : null;
    }

    public InstanceDisk Import(
        CloneRequest request, Stream from, IProgress<long>? progress, CancellationToken token)
    {
        var what = $"disk {request.Disk} of instance {request.Instance}";
        var rules = new ChangeRules(store, kind, what);
        var facts = new DiskFacts(
            request.Transfer!.IsOverBase ? request.Base : null,
            request.VirtualSizeBytes,
            request.Layout);
        rules.CheckSize(facts.VirtualSizeBytes);
        rules.CheckBase(facts);
        var (folder, path) = (store.Layout.Instance(request.Instance), PathOf(request));
        var temporary = path + StoreLayout.TemporarySuffix;
        _files.MakeDirectory(folder);
        store.Owner.OpenFolder(folder);
        _files.Delete(temporary);
        try
        {
            using (var file = _files.Create(temporary))
            {
                Fill(from, facts, (file, temporary), at =>
                {
                    token.ThrowIfCancellationRequested();
                    progress?.Report(at);
                });
                store.Owner.GiveDisk(temporary);
                _files.Sync(file, temporary);
            }

            _files.Rename(temporary, path);
            _files.SyncDirectory(folder);
        }
        catch (Exception e) when (StoreErrors.IsExpected(e)
            || e is OperationCanceledException or TransferException)
        {
            store.TryDelete(temporary);
            _files.DeleteEmptyDirectory(folder);
            throw;
        }

        return Result(request, path);
    }

    private void Fill(
        Stream from,
        DiskFacts facts,
        (SafeFileHandle File, string Path) target,
        Action<long> advance)
    {
        var basePath = facts.Base is { } key ? store.Layout.BaseData(key) : null;
        using var basis = basePath is null ? null : _files.OpenToRead(basePath);
        using var reader = new TransferReader(from);
        var isOverBase = reader.ReadHeader(facts.VirtualSizeBytes);
        if (isOverBase && facts.Base is not { IsOfImage: true })
            throw new TransferException("it lies over a base, and is to lie over none");
        var sink = kind.Rewrite(
            new DiskTarget(_files, target.File, target.Path, facts, basePath));
        if (basis is not null && !isOverBase)
            sink = new OverOwnBase(sink, new RawView(basis), facts.VirtualSizeBytes);
        reader.ReadInto(sink, facts.VirtualSizeBytes, advance);
        sink.Finish();
    }

    private string PathOf(CloneRequest request) =>
        store.Layout.Disk(request.Instance, request.Disk, kind.Extension);

    private InstanceDisk Result(CloneRequest request, string path) =>
        disks.TryRead(request.Disk, path, out var problem) ?? throw PortException.Final(
            LaunchErrorCode.VolumeDriver, $"{path} {problem}; restore it from a backup");
}

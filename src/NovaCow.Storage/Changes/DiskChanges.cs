using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Changes one store's disks to disks of one kind: larger ones, ones that own their bytes, ones
/// that lie over another base; and takes in foreign ones. A few changes that read whole disks run
/// at a time, slowly if told.
/// </summary>
/// <remarks>
/// A disk keeps its bytes and is whole whenever a change stops. What is there is decided by what
/// the file says, not by the record, so a change whose record was not published in time is found
/// done. Blocks of raw disks are shared with a base in place, and a stopped sharing goes on where
/// it was; all else is written anew (<see cref="DiskRewriter"/>) and begins again.
/// </remarks>
internal sealed class DiskChanges(
    HostStore store, FileDisks disks, IDiskKind kind, ChangeLimits limits)
{
    private readonly StoreFiles _files = store.Files;
    private readonly DiskRewriter _rewriter = new(store, kind);
    private readonly SemaphoreSlim _turns = new(limits.AtOnce);
    private readonly ChangeThrottle _throttle = new(limits, store.Options.Clock);

    /// <summary>Disks that go to other hosts, at the rate of changes.</summary>
    public DiskTransfers Transfers => new(store, disks, kind, _throttle);

    public IDiskKind Kind => kind;

    public ChangeLimits Limits => limits;

    public async Task<InstanceDisk> ChangeAsync(
        DiskChangeRequest request, IProgress<long>? progress, CancellationToken token)
    {
        var rules = new ChangeRules(store, kind, Name(request.Instance, request.Disk.Name));
        return await RunAsync(
            rules.What,
            () => Change(request, rules, new Pace(_throttle, progress, token)),
            request.Change is DiskChange.Grow,
            token);
    }

    /// <summary>Makes an instance's disk of a foreign one, which stays as it is. The instance's
    /// record, published by the caller, makes it real. One that is there already is whole, as it
    /// has its name only then.</summary>
    public Task<Ensured<InstanceDisk>> AdoptAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken token)
    {
        var rules = new ChangeRules(store, kind, Name(request.Instance, request.Disk));
        return RunAsync(
            rules.What,
            () => Adopt(request, rules, new Pace(_throttle, progress, token)),
            isShort: false,
            token);
    }

    /// <summary>Makes an instance's disk of a dead host's, which stays as it is.</summary>
    public Task<Ensured<InstanceDisk>> TakeOverAsync(
        CloneRequest request,
        SharedStores shared,
        IProgress<long>? progress,
        CancellationToken token) => RunAsync(
            $"{Name(request.Instance, request.Disk)}: cannot be taken over from "
                + $"{request.Transfer!.Source}",
            () => new DeadDisks(store, disks, kind).TakeOver(
                request, shared, new Pace(_throttle, progress, token)),
            isShort: false,
            token);

    /// <summary>Does what takes long, a few at a time.</summary>
    public async Task<T> RunAsync<T>(
        string what, Func<T> work, bool isShort, CancellationToken token)
    {
        if (isShort)
            return await store.RunAsync(what, work, token);
        await _turns.WaitAsync(token);
        try
        {
            return await store.RunAsync(what, work, token);
        }
        finally
        {
            _turns.Release();
        }
    }

    private InstanceDisk Change(DiskChangeRequest request, ChangeRules rules, Pace pace)
    {
        var found = FoundDisk.Read(store, request);
        var wanted = rules.Wanted(found, request.Change);
        var path = PlaceOf(request, found);
        var isOurs = found.Driver == kind.Driver;
        if (request.Change is DiskChange.Rebuild rebuild)
            Rebuild(found, wanted, rebuild.Base, path, pace);
        else if (isOurs && wanted == found.Facts)
            Settle(path);
        else if (isOurs && request.Change is DiskChange.Grow)
            Grow(found, wanted, pace);
        else if (kind.SharesBlocks && wanted.Base is { } key && found.Path == path)
            Share(found, key, pace);
        else
            Rewrite(found, wanted, path, pace);
        return Result(request.Disk.Name, path);
    }

    /// <summary>Where the changed disk is to be: where it is, unless it is made anew or becomes
    /// another kind of file.</summary>
    private string PlaceOf(DiskChangeRequest request, FoundDisk found)
    {
        var places = store.Layout.DiskPlaces(request.Instance, request.Disk.Name, kind.Extension);
        return request.Change is not DiskChange.Rebuild && places.Contains(found.Path)
            ? found.Path
            : places.First(p => p != found.Path);
    }

    /// <summary>What is under the new name already nothing refers to: an earlier call left it, or
    /// an earlier disk that could not be removed.</summary>
    private void Rebuild(FoundDisk found, DiskFacts wanted, BaseKey key, string path, Pace pace)
    {
        disks.CheckBase(key);
        using var disk = found.Open(_files);
        _rewriter.RunAnew(disk, wanted, key, path, pace);
    }

    private Ensured<InstanceDisk> Adopt(CloneRequest request, ChangeRules rules, Pace pace)
    {
        var path = store.Layout.Disk(request.Instance, request.Disk, kind.Extension);
        if (StoreFiles.TryStat(path, out _))
            return new Ensured<InstanceDisk>(Result(request.Disk, path), Created: false);
        var facts = new DiskFacts(
            kind.HasBackingFile ? request.Base : null, request.VirtualSizeBytes);
        rules.CheckSize(facts.VirtualSizeBytes);
        rules.CheckBase(facts);
        using var disk = OpenDisk.OpenForeign(request.Contents!);
        rules.CheckContents(request, disk.View.SizeBytes);
        _rewriter.RunFirst(disk, facts, path, pace);
        return new Ensured<InstanceDisk>(Result(request.Disk, path), Created: true);
    }

    /// <summary>What an earlier call had done may not have been durable yet when that died.
    /// </summary>
    private void Settle(string path)
    {
        using (var file = _files.OpenToRead(path))
            _files.Sync(file, path);
        _files.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    private void Grow(FoundDisk found, DiskFacts wanted, Pace pace)
    {
        using (var disk = found.Open(_files, isWritable: true))
        {
            if (kind.TryGrow(_files, disk, wanted.VirtualSizeBytes))
            {
                _files.Sync(disk.File, disk.Path);
                return;
            }
        }

        Rewrite(found, wanted, found.Path, pace);
    }

    private void Rewrite(FoundDisk found, DiskFacts wanted, string path, Pace pace)
    {
        using var disk = found.Open(_files);
        _rewriter.Run(disk, wanted, path, pace);
    }

    /// <summary>The mark that names the base comes last: until then the disk is what it was, with
    /// the more blocks shared the further this came.</summary>
    private void Share(FoundDisk found, BaseKey key, Pace pace)
    {
        var (path, basePath) = (found.Path, store.Layout.BaseData(key));
        using var disk = found.Open(_files);
        using var basis = _files.OpenToRead(basePath);
        var sharing = new BlockSharing(_files, basis, (disk.File, path));
        using var scan = new DiskScan(disk.View, new RawView(basis), sharing)
        {
            KnownSameUntil = disk.SameUntil(_files, basis, basePath),
        };
        scan.Run(found.Facts.VirtualSizeBytes, (at, read) => pace.Advance(disk.Lease, at, read));
        sharing.Finish();
        _files.Sync(disk.File, path);
        disk.Lease.Check();
        new RawDiskMark(kind.Driver, key, DiskLayout.Whole).Write(_files, disk.File, path);
        _files.Sync(disk.File, path);
    }

    private InstanceDisk Result(DiskName name, string path) =>
        disks.TryRead(name, path, out var problem) ?? throw PortException.Final(
            LaunchErrorCode.VolumeDriver, $"{path} {problem}; restore it from a backup");

    private static string Name(InstanceId instance, DiskName disk) =>
        $"disk {disk} of instance {instance}";
}

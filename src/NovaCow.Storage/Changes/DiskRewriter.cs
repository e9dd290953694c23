using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Makes a disk anew, beside itself, in the format and over the base that are asked for, and gives
/// it its place in one step.
/// </summary>
/// <remarks>The new file has a temporary name until it is whole and synced. A change that is
/// stopped leaves the disk as it was; what it had written is removed, at the latest by the next
/// start, and a later change begins again.</remarks>
internal sealed class DiskRewriter(HostStore store, IDiskKind kind)
{
    private readonly StoreFiles _files = store.Files;

    /// <param name="disk">What is read.</param>
    /// <param name="facts">What it is to become.</param>
    /// <param name="path">Where; its own path, or one beside it.</param>
    /// <param name="pace">What to do between two pieces.</param>
    public void Run(OpenDisk disk, DiskFacts facts, string path, Pace pace) =>
        Make(disk, path, target => Fill(disk, facts, target, pace));

    /// <summary>The same for a disk of which there is none yet, maybe the instance's first.
    /// </summary>
    public void RunFirst(OpenDisk disk, DiskFacts facts, string path, Pace pace)
    {
        var folder = Path.GetDirectoryName(path)!;
        _files.MakeDirectory(folder);
        store.Owner.OpenFolder(folder);
        try
        {
            Run(disk, facts, path, pace);
        }
        catch
        {
            _files.DeleteEmptyDirectory(folder);
            throw;
        }
    }

    /// <summary>Makes a fresh clone, or a copy, of a base in a disk's stead.</summary>
    /// <param name="disk">Whose place it is to take; it is kept from others, and not read.</param>
    /// <param name="facts">What the new one is to be.</param>
    /// <param name="key">The base.</param>
    /// <param name="path">Where; not the disk's own path.</param>
    /// <param name="pace">What to do between two pieces.</param>
    public void RunAnew(OpenDisk disk, DiskFacts facts, BaseKey key, string path, Pace pace) =>
        Make(disk, path, target =>
        {
            var basePath = store.Layout.BaseData(key);
            var sink = kind.Rewrite(new DiskTarget(
                _files, target.File, target.Path, facts, facts.Base is null ? null : basePath));
            if (facts.Base is null)
                Copy(disk, basePath, sink, pace);
            sink.Finish();
        });

    private void Make(
        OpenDisk disk, string path, Action<(SafeFileHandle File, string Path)> fill)
    {
        var temporary = path + StoreLayout.TemporarySuffix;
        _files.Delete(temporary);
        try
        {
            using (var file = _files.Create(temporary))
            {
                fill((file, temporary));
                if (Path.GetDirectoryName(disk.Path) == Path.GetDirectoryName(path))
                    KeepOwner(disk, temporary);
                else
                    store.Owner.GiveDisk(temporary);
                _files.Sync(file, temporary);
            }

            Place(disk, temporary, path);
        }
        catch (Exception e) when (StoreErrors.IsExpected(e) || e is OperationCanceledException)
        {
            store.TryDelete(temporary);
            throw;
        }
    }

    private void Fill(
        OpenDisk disk, DiskFacts facts, (SafeFileHandle File, string Path) target, Pace pace)
    {
        var basePath = facts.Base is { } key ? store.Layout.BaseData(key) : null;
        using var basis = basePath is null ? null : _files.OpenToRead(basePath);
        var sink = kind.Rewrite(
            new DiskTarget(_files, target.File, target.Path, facts, basePath));
        using var scan = new DiskScan(disk.View, basis is null ? null : new RawView(basis), sink)
        {
            KnownSameUntil = basis is null
                ? static offset => offset
                : disk.SameUntil(_files, basis, basePath!),
        };
        scan.Run(facts.VirtualSizeBytes, (at, read) => pace.Advance(disk.Lease, at, read));
        sink.Finish();
    }

    private void Copy(OpenDisk disk, string basePath, IDiskSink sink, Pace pace)
    {
        using var basis = _files.OpenToRead(basePath);
        var view = new RawView(basis);
        using var scan = new DiskScan(view, basis: null, sink);
        scan.Run(view.SizeBytes, (at, read) => pace.Advance(disk.Lease, at, read));
    }

    /// <summary>A hypervisor may have been given the disk.</summary>
    private void KeepOwner(OpenDisk disk, string temporary)
    {
        var was = StoreFiles.Stat(disk.File, disk.Path);
        if (was.Uid != LibC.geteuid() || was.Gid != LibC.getegid())
            _files.SetOwner(temporary, was.Uid, was.Gid);
    }

    /// <summary>The exchange leaves the old file whole, under the other name, until it is known
    /// that nobody was about to open it, to write to what nothing names any more.</summary>
    private void Place(OpenDisk disk, string temporary, string path)
    {
        disk.Lease.Check();
        if (path != disk.Path)
        {
            _files.Rename(temporary, path);
            _files.SyncDirectory(Path.GetDirectoryName(path)!);
            return;
        }

        _files.Exchange(temporary, path);
        if (!disk.Lease.IsAlone)
        {
            _files.Exchange(temporary, path);
            throw DiskLease.InUse(path);
        }

        _files.SyncDirectory(Path.GetDirectoryName(path)!);
        _files.Delete(temporary);
    }
}

using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Storage;

/// <summary>How a host's store is opened.</summary>
public sealed record HostStoreOptions
{
    /// <summary>Told, in a sentence, what a person may want to know: what was found at start that
    /// is not ours, damaged, or was left by a crash.</summary>
    public Action<string> OnNote { get; init; } = static _ => { };

    /// <summary>The clock that records are stamped by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whom instances' disks belong to; null: the user of this process. The group may then
    /// pass through the store's folders and read bases, and disks alone are the user's.</summary>
    public DiskOwner? DiskOwner { get; init; }
}

/// <summary>The user who opens the disks of instances: the hypervisor's.</summary>
/// <param name="Uid">The user's number.</param>
/// <param name="Gid">The number of a group of that user's.</param>
public sealed record DiskOwner(uint Uid, uint Gid);

/// <summary>
/// One host's store: its directories, the lock that makes this process their only user, the
/// instances' commit records, and the threads on which all of it waits for the disk. Drivers keep
/// their volumes in it; it never makes or removes a volume itself.
/// </summary>
public sealed class HostStore : IHostStore, IDisposable
{
    /// <summary>The layout that this version writes, and the newest it can read.</summary>
    public const int FormatVersion = 1;

    private readonly StoreThreads _threads = new();
    private readonly StoreLock _lock;
    private readonly SyncGroup _instances;

    private HostStore(
        StoreLayout layout, StoreFiles files, StoreLock held, HostStoreOptions options)
    {
        (Layout, Files, _lock, Options) = (layout, files, held, options);
        Owner = new StoreOwner(files, layout, options.DiskOwner);
        _instances = new SyncGroup(() => files.SyncDirectory(layout.Instances));
    }

    /// <summary>The store's absolute path.</summary>
    public string Root => Layout.Root;

    internal StoreLayout Layout { get; }

    internal StoreFiles Files { get; }

    internal HostStoreOptions Options { get; }

    internal StoreOwner Owner { get; }

    /// <summary>Makes the store if there is none, checks that it is ours, and takes its lock.
    /// </summary>
    /// <exception cref="PortException">Another process holds it, it is of a newer version, or it
    /// cannot be used; the message says which and what to do.</exception>
    public static HostStore Open(string root, HostStoreOptions? options = null) =>
        Open(root, options, new StoreFiles());

    /// <inheritdoc/>
    public Task SaveInstanceAsync(InstanceRecord record, CancellationToken cancellationToken) =>
        RunAsync(
            $"instance {record.Id}: cannot keep its record", () => Save(record), cancellationToken);

    /// <inheritdoc/>
    public Task DeleteInstanceAsync(InstanceId id, CancellationToken cancellationToken) =>
        RunAsync($"instance {id}: cannot remove its record", () => Delete(id), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>A record is returned even when a disk that it names is not there or not whole: the
    /// driver's inventory lacks that disk then, and the caller decides. A record that cannot be
    /// read is left where it is, with its disks, and noted.</remarks>
    public Task<IReadOnlyList<InstanceRecord>> ListInstancesAsync(
        CancellationToken cancellationToken) =>
        RunAsync(
            "cannot list the instances",
            () => InstanceFolders.Read(this).Select(f => f.Record).OfType<InstanceRecord>().ToList()
                as IReadOnlyList<InstanceRecord>,
            cancellationToken);

    /// <inheritdoc/>
    public MachineFiles MachineFiles(InstanceId id) =>
        new(Layout.Console(id), Layout.Seed(id));

    /// <inheritdoc/>
    public Task GiveMachineFilesAsync(InstanceId id, CancellationToken cancellationToken) =>
        RunAsync(
            $"instance {id}: cannot give its console to its guest",
            () =>
            {
                File.OpenHandle(
                    Layout.Console(id), FileMode.OpenOrCreate, FileAccess.Write,
                    FileShare.ReadWrite | FileShare.Delete).Dispose();
                foreach (var path in (string[])[Layout.Console(id), Layout.Seed(id)])
                {
                    if (StoreFiles.TryStat(path, out _))
                        Owner.GiveDisk(path);
                }

                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public string? BackingPath(InstanceDisk disk) =>
        disk is { Driver: DriverName.Qcow2, Name.IsBootFile: false, BackingFile: { } key }
            ? Layout.BaseData(key)
            : null;

    /// <inheritdoc/>
    public string IncomingPath(BaseKey key) => Layout.IncomingImage(key);

    /// <inheritdoc/>
    public Task DiscardIncomingAsync(BaseKey key, CancellationToken cancellationToken) =>
        RunAsync($"base {key}: cannot remove its download", () => Discard(key), cancellationToken);

    /// <inheritdoc/>
    public void SaveUses(IReadOnlyList<BaseUse> uses)
    {
        try
        {
            StoreRecords.Publish(Files, Layout.Uses, uses);
        }
        catch (Exception e) when (StoreErrors.IsExpected(e))
        {
            throw StoreErrors.From(e, "cannot keep how bases were used", Root);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<BaseUse> ReadUses()
    {
        if (StoreRecords.TryRead<List<BaseUse>>(Layout.Uses, out var problem) is { } uses)
            return [.. uses.OfType<BaseUse>().Where(u => u.Key is not null)];
        if (StoreFiles.TryStat(Layout.Uses, out _))
            Note($"{Layout.Uses} {problem}; how bases were used is forgotten");
        return [];
    }

    /// <inheritdoc/>
    public StoreSpace MeasureSpace()
    {
        var drive = new DriveInfo(Root);
        return new StoreSpace(drive.TotalSize, drive.AvailableFreeSpace);
    }

    /// <summary>The bytes that bases take (shared by their clones) and those that instances' disks
    /// take for themselves; one look at each file.</summary>
    public Task<StoreUsage> MeasureUsageAsync(CancellationToken cancellationToken) => RunAsync(
        "cannot measure the store",
        () => new StoreUsage(
            Allocated(Layout.Bases, linked: true), Allocated(Layout.Instances, linked: false)),
        cancellationToken);

    /// <summary>Lets go of the store.</summary>
    public void Dispose()
    {
        _threads.Dispose();
        _lock.Dispose();
    }

    internal static HostStore Open(string root, HostStoreOptions? options, StoreFiles files)
    {
        var layout = new StoreLayout(Path.GetFullPath(root));
        try
        {
            StoreSetup.MakeRoot(files, layout);
            var held = StoreLock.Take(files, layout);
            try
            {
                StoreSetup.CheckFormat(files, layout);
                options ??= new HostStoreOptions();
                StoreSetup.RemoveOldDownloads(files, layout, options.Clock.GetUtcNow());
                var store = new HostStore(layout, files, held, options);
                store.Owner.OpenStore();
                CaptureShelf.RemoveLeftovers(store);
                return store;
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception e) when (StoreErrors.IsExpected(e))
        {
            throw StoreErrors.From(e, $"store {layout.Root}: cannot be opened", layout.Root);
        }
    }

    /// <summary>Runs what waits for the disk, away from the actors' threads.</summary>
    internal async Task<T> RunAsync<T>(
        string what, Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await _threads.RunAsync(work, cancellationToken);
        }
        catch (Exception e) when (StoreErrors.IsExpected(e))
        {
            throw StoreErrors.From(e, what, Root);
        }
    }

    internal Task RunAsync(string what, Action work, CancellationToken cancellationToken) =>
        RunAsync(
            what,
            () =>
            {
                work();
                return true;
            },
            cancellationToken);

    internal void Note(string sentence) => Options.OnNote(sentence);

    /// <summary>Removes what was not finished; what does not go the next start removes.</summary>
    internal void TryDelete(string path)
    {
        try
        {
            Files.Delete(path);
        }
        catch (StoreIoException e)
        {
            Note($"{e.Message}; the next start tries again");
        }
    }

    /// <param name="directory">Whose files.</param>
    /// <param name="linked">Whether to count files that have other names, too: kernels and ramdisks
    /// are those of their bases.</param>
    private static long Allocated(string directory, bool linked) =>
        Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Sum(
            file => StoreFiles.TryStat(file, out var stat) && (linked || stat.LinkCount == 1)
                ? stat.AllocatedBytes
                : 0);

    private void Save(InstanceRecord record)
    {
        var path = Layout.InstanceRecord(record.Id);
        var isNew = !StoreFiles.TryStat(path, out _);
        Files.MakeDirectory(Layout.Instance(record.Id));
        Owner.OpenFolder(Layout.Instance(record.Id));
        StoreRecords.Publish(Files, path, record);
        try
        {
            _instances.Sync();
        }
        catch when (isNew)
        {
            StoreRecords.TryDelete(Files, path);
            throw;
        }
    }

    /// <summary>A removal that failed may be tried again: a record that is gone was perhaps not
    /// synced as gone.</summary>
    private void Delete(InstanceId id)
    {
        var folder = Layout.Instance(id);
        if (!StoreFiles.TryStat(folder, out _))
            return;
        Files.Delete(Layout.InstanceRecord(id));
        Files.SyncDirectory(folder);
        InstanceFolders.RemoveMachine(this, id);
    }

    private void Discard(BaseKey key)
    {
        var path = Layout.IncomingImage(key);
        foreach (var file in (string[])[path, path + ".part", path + ".part.json"])
            Files.Delete(file);
    }
}

/// <summary>What the store's volumes take on its disk.</summary>
/// <param name="BaseBytes">Bytes of bases, which clones share.</param>
/// <param name="InstanceBytes">Bytes that instances' disks own.</param>
public readonly record struct StoreUsage(long BaseBytes, long InstanceBytes);

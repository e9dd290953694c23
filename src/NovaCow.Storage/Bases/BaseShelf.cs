using System.Collections.Concurrent;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The raw bases of a store, for every driver whose clones lie over files: publishes what a
/// <see cref="BaseBuilder"/> made, finds, lists and removes them. It knows nothing of clones.
/// </summary>
/// <remarks>A base is made in a folder of another name, and one rename publishes it whole, synced,
/// with its record, read-only. Removal is the same backwards. A base that is damaged is made again
/// beside it, and both change places in one step, as clones refer to it by its path.</remarks>
internal sealed class BaseShelf(HostStore store, BaseBuilder builder)
{
    /// <summary>Less room than this after a tool failed says why it failed.</summary>
    private const long FullBelowBytes = 16 << 20;

    private readonly StoreLayout _layout = store.Layout;
    private readonly StoreFiles _files = store.Files;
    private readonly BaseHealth _health = new(store);

    // What was published under a key is the same for ever, whoever published it.
    private readonly ConcurrentDictionary<BaseKey, BaseVolume> _published = new();

    public async Task<Ensured<BaseVolume>> EnsureAsync(
        BaseContent content,
        string? imagePath,
        IProgress<long>? progress,
        CancellationToken token)
    {
        var key = content.Key();
        var what = $"base {key}: cannot be made";
        if (await store.RunAsync(what, () => Find(key), token) is { } found)
            return new Ensured<BaseVolume>(found, Created: false);
        var folder = _layout.BaseBuild(key);
        try
        {
            await store.RunAsync(what, () => MakeEmpty(folder), token);
            await builder.FillAsync(content, imagePath, folder, progress, token);
            var made = await store.RunAsync(what, () => Publish(content, folder, token), token);
            return new Ensured<BaseVolume>(made, Created: true);
        }
        catch (Exception e) when (StoreErrors.IsExpected(e) || e is OperationCanceledException)
        {
            var isFull = e is ToolFailedException
                && store.MeasureSpace().FreeBytes < FullBelowBytes;
            await DiscardAsync(folder);
            if (isFull)
                throw StoreErrors.OutOfSpace(what, store.Root, e);
            if (e is OperationCanceledException)
                throw;
            throw StoreErrors.From(e, what, store.Root);
        }
    }

    public Task DeleteAsync(BaseKey key, CancellationToken token) =>
        store.RunAsync($"base {key}: cannot be removed", () => Delete(key), token);

    /// <summary>The size of a base that exists, as a disk; null when there is none.</summary>
    /// <exception cref="PortException">DamagedBase: it must not be cloned from.</exception>
    public long? FindSize(BaseKey key)
    {
        if (!_published.TryGetValue(key, out var volume))
        {
            volume = ReadRecord(key, out _);
            if (volume is null)
                return null;
            _published[key] = volume;
        }

        if (!StoreFiles.TryStat(_layout.Base(key), out _))
            return null;
        if (FindDamage(volume) is not { } damage)
            return volume.VirtualSizeBytes;
        throw PortException.Retryable(
            LaunchErrorCode.DamagedBase,
            $"base {key}: {damage}; no clone is made of it before it is made again");
    }

    /// <summary>Reads a base whole; see <see cref="IVolumeDriver.VerifyBaseAsync"/>.</summary>
    public string? Verify(BaseKey key, IProgress<long>? progress, CancellationToken token) =>
        ReadRecord(key, out var problem) is { } volume
            ? _health.Verify(volume, progress, token)
            : throw PortException.Retryable(
                LaunchErrorCode.VolumeDriver, $"base {key}: {problem}; make it first");

    /// <summary>Every base whose record is whole, the damaged ones too; the remains of builds and
    /// removals are removed first.</summary>
    /// <remarks>A process that died between a rename and its sync has left what a power loss could
    /// still undo: so the folder is synced before anything relies on it.</remarks>
    public BaseListing List()
    {
        _files.SyncDirectory(_layout.Bases);
        var listing = new BaseListing([], [], []);
        foreach (var path in Directory.EnumerateFileSystemEntries(_layout.Bases).Order())
        {
            var name = Path.GetFileName(path);
            if (StoreLayout.IsRemains(name))
                _files.DeleteTree(path);
            else if (!BaseKey.TryParse(name, out var key, out _))
                store.Note($"{path} is no base; it was left alone");
            else if (ReadRecord(key, out var problem) is { } volume)
                Add(listing, volume);
            else
                store.Note($"base {key}: {problem}; it is not served, and made again when needed");
        }

        foreach (var volume in listing.Bases)
        {
            store.Owner.OpenFolder(_layout.Base(volume.Key));
            store.Owner.ShareBase(_layout.BaseData(volume.Key));
            DeleteDownload(volume.Key);
        }

        return listing;
    }

    /// <summary>What every whole base takes; changes nothing.</summary>
    public List<BaseUsage> Measure()
    {
        List<BaseUsage> found = [];
        foreach (var path in Directory.EnumerateDirectories(_layout.Bases))
        {
            if (BaseKey.TryParse(Path.GetFileName(path), out var key, out _)
                && ReadRecord(key, out _) is { } volume)
            {
                found.Add(new BaseUsage(key, volume.VirtualSizeBytes, volume.AllocatedBytes));
            }
        }

        return found;
    }

    private void Add(BaseListing listing, BaseVolume volume)
    {
        var key = volume.Key;
        foreach (var path in (string[])[_layout.BaseSeal(key), _layout.BaseDamage(key)])
        {
            if (StoreFiles.TryStat(path + StoreLayout.TemporarySuffix, out _))
                _files.Delete(path + StoreLayout.TemporarySuffix);
        }

        listing.Bases.Add(volume);
        if (FindDamage(volume) is { } damage)
            listing.Damaged[volume.Key] = damage;
        else if (!_health.IsSealed(volume))
            listing.Unsealed.Add(volume.Key);
    }

    private string? FindDamage(BaseVolume volume)
    {
        if (_health.KnownDamage(volume.Key) is { } known)
            return known;
        var damage = _health.Look(volume);
        if (damage is not null)
            _health.RecordDamage(volume.Key, damage);
        return damage;
    }

    private BaseVolume? Find(BaseKey key) =>
        ReadRecord(key, out _) is { } volume && FindDamage(volume) is null ? volume : null;

    private BaseVolume? ReadRecord(BaseKey key, out string problem)
    {
        var record = StoreRecords.TryRead<BaseVolume>(_layout.BaseRecord(key), out problem);
        if (record is null)
            problem = $"{StoreLayout.BaseRecordFile} {problem}";
        else if (record.Key != key)
            problem = $"its record is of base {record.Key}";
        else
        {
            _ = StoreFiles.TryStat(_layout.BaseData(key), out var stat);
            return record with { AllocatedBytes = stat.AllocatedBytes };
        }

        return null;
    }

    private void MakeEmpty(string folder)
    {
        _files.DeleteTree(folder);
        _files.MakeDirectory(folder);
    }

    private BaseVolume Publish(BaseContent content, string folder, CancellationToken token)
    {
        var data = Path.Combine(folder, StoreLayout.BaseFile);
        var record = Path.Combine(folder, StoreLayout.BaseRecordFile);
        using var file = _files.OpenToRead(data);
        store.Owner.SealBase(data);
        _files.Sync(file, data);
        var stat = StoreFiles.Stat(file, data);
        var volume = new BaseVolume
        {
            Key = content.Key(),
            Content = content,
            VirtualSizeBytes = stat.Size,
            AllocatedBytes = stat.AllocatedBytes,
            CreatedAt = store.Options.Clock.GetUtcNow(),
        };
        StoreRecords.Write(_files, record, volume, StoreFiles.ReadOnlyFile);
        store.Owner.OpenFolder(folder);
        _files.SyncDirectory(folder);
        var isReplaced = StoreFiles.TryStat(_layout.Base(volume.Key), out _);
        if (isReplaced)
            Replace(content, folder, token);
        else
            _files.Rename(folder, _layout.Base(volume.Key));
        try
        {
            _files.SyncDirectory(_layout.Bases);
        }
        catch (StoreIoException)
        {
            // What was not synced is not published.
            if (isReplaced)
                _files.Exchange(folder, _layout.Base(volume.Key));
            else
                _files.Rename(_layout.Base(volume.Key), folder);
            throw;
        }

        _files.DeleteTree(folder);
        return volume;
    }

    // The damaged one is in the build's folder then, which a start removes.
    private void Replace(BaseContent content, string folder, CancellationToken token)
    {
        var key = content.Key();
        if (_health.CheckReplacement(content, folder, token) is { } problem)
        {
            throw PortException.Final(
                LaunchErrorCode.DamagedBase,
                $"base {key}: damaged, and cannot be made again under its clones: {problem}; "
                    + "delete the instances that are clones of it, and it is made anew");
        }

        _files.Exchange(folder, _layout.Base(key));
    }

    /// <summary>A removal that failed may be tried again: what is in the trash was perhaps not
    /// synced as gone.</summary>
    private void Delete(BaseKey key)
    {
        var trash = _layout.BaseTrash(key);
        if (StoreFiles.TryStat(_layout.Base(key), out _))
        {
            _files.DeleteTree(trash);
            _files.Rename(_layout.Base(key), trash);
        }

        if (!StoreFiles.TryStat(trash, out _))
            return;
        _files.SyncDirectory(_layout.Bases);
        _files.DeleteTree(trash);
    }

    /// <summary>A base that is published needs its download no more.</summary>
    private void DeleteDownload(BaseKey key)
    {
        if (StoreFiles.TryStat(_layout.IncomingImage(key), out _))
            _files.Delete(_layout.IncomingImage(key));
    }

    private async Task DiscardAsync(string folder)
    {
        try
        {
            await store.RunAsync(
                "remains", () => _files.DeleteTree(folder), CancellationToken.None);
        }
        catch (PortException e)
        {
            store.Note($"{folder} could not be removed ({e.Message}); the next start tries again");
        }
    }
}

/// <summary>The bases of a store.</summary>
/// <param name="Bases">All whose record is whole.</param>
/// <param name="Damaged">Those that are not what was published, and why.</param>
/// <param name="Unsealed">Those whose bytes nothing vouches for yet.</param>
internal sealed record BaseListing(
    List<BaseVolume> Bases, Dictionary<BaseKey, string> Damaged, HashSet<BaseKey> Unsealed);

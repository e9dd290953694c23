using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The raw bases of a store, for every driver whose clones lie over files: publishes what a
/// <see cref="BaseBuilder"/> made, finds, lists and removes them. It knows nothing of clones.
/// </summary>
/// <remarks>A base is made in a folder of another name, and one rename publishes it whole, synced,
/// with its record, read-only. Removal is the same backwards.</remarks>
internal sealed class BaseShelf(HostStore store, BaseBuilder builder)
{
    /// <summary>Less room than this after a tool failed says why it failed.</summary>
    private const long FullBelowBytes = 16 << 20;

    private readonly StoreLayout _layout = store.Layout;
    private readonly StoreFiles _files = store.Files;

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
            var made = await store.RunAsync(what, () => Publish(content, folder), token);
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
    public long? FindSize(BaseKey key) =>
        StoreFiles.TryStat(_layout.BaseData(key), out var stat) && stat.IsFile ? stat.Size : null;

    /// <summary>Every whole base; the remains of builds and removals are removed first.</summary>
    public List<BaseVolume> List()
    {
        List<BaseVolume> found = [];
        foreach (var path in Directory.EnumerateFileSystemEntries(_layout.Bases).Order())
        {
            var name = Path.GetFileName(path);
            if (StoreLayout.IsRemains(name))
                _files.DeleteTree(path);
            else if (!BaseKey.TryParse(name, out var key, out _))
                store.Note($"{path} is no base; it was left alone");
            else if (TryRead(key, out var problem) is { } volume)
                found.Add(volume);
            else
                store.Note($"base {key}: {problem}; it was left alone and is not served");
        }

        foreach (var volume in found)
            DeleteDownload(volume.Key);
        return found;
    }

    /// <summary>What every whole base takes; changes nothing.</summary>
    public List<BaseUsage> Measure()
    {
        List<BaseUsage> found = [];
        foreach (var path in Directory.EnumerateDirectories(_layout.Bases))
        {
            if (BaseKey.TryParse(Path.GetFileName(path), out var key, out _)
                && TryRead(key, out _) is { } volume)
            {
                found.Add(new BaseUsage(key, volume.VirtualSizeBytes, volume.AllocatedBytes));
            }
        }

        return found;
    }

    private BaseVolume? Find(BaseKey key)
    {
        if (!StoreFiles.TryStat(_layout.Base(key), out _))
            return null;
        return TryRead(key, out var problem) ?? throw PortException.Retryable(
            LaunchErrorCode.VolumeDriver,
            $"base {key}: {problem}; when no instance uses it, remove {_layout.Base(key)}");
    }

    private BaseVolume? TryRead(BaseKey key, out string problem)
    {
        var record = StoreRecords.TryRead<BaseVolume>(_layout.BaseRecord(key), out problem);
        if (record is null)
            problem = $"{StoreLayout.BaseRecordFile} {problem}";
        else if (record.Key != key)
            problem = $"its record is of base {record.Key}";
        else if (!StoreFiles.TryStat(_layout.BaseData(key), out var stat) || !stat.IsFile)
            problem = $"has no {StoreLayout.BaseFile}";
        else if (stat.Size != record.VirtualSizeBytes)
            problem = $"is {stat.Size} bytes long, and was made of {record.VirtualSizeBytes}";
        else
            return record with { AllocatedBytes = stat.AllocatedBytes };
        return null;
    }

    private void MakeEmpty(string folder)
    {
        _files.DeleteTree(folder);
        _files.MakeDirectory(folder);
    }

    private BaseVolume Publish(BaseContent content, string folder)
    {
        var data = Path.Combine(folder, StoreLayout.BaseFile);
        var record = Path.Combine(folder, StoreLayout.BaseRecordFile);
        using var file = _files.OpenToRead(data);
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
        StoreRecords.Write(_files, record, volume);
        _files.SetMode(data, StoreFiles.ReadOnlyFile);
        _files.SetMode(record, StoreFiles.ReadOnlyFile);
        _files.SyncDirectory(folder);
        _files.Rename(folder, _layout.Base(volume.Key));
        _files.SyncDirectory(_layout.Bases);
        return volume;
    }

    private void Delete(BaseKey key)
    {
        var trash = _layout.BaseTrash(key);
        _files.DeleteTree(trash);
        if (!StoreFiles.TryStat(_layout.Base(key), out _))
            return;
        _files.Rename(_layout.Base(key), trash);
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

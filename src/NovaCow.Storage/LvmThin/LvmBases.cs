using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The bases of one store as thin volumes: made, found, verified and removed. It knows nothing of
/// clones.
/// </summary>
/// <remarks>
/// Made in this order, so that a crash leaves only what <see cref="FindWholeAsync"/> removes: the
/// data as a file, the volume marked as building, the data in it and synced, the volume sealed
/// (read-only, marked as ready), the record.
/// </remarks>
internal sealed class LvmBases(LvmContext context, BaseBuilder builder)
{
    private readonly LvmStore _store = context.Store;
    private readonly Lvm _lvm = context.Lvm;

    public async Task<Ensured<BaseVolume>> EnsureAsync(
        BaseContent content,
        string? imagePath,
        IProgress<long>? progress,
        CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var key = content.Key();
        var what = What(key);
        var report = await _lvm.ReportAsync();
        var (found, damage) = await context.RunAsync(what, () => Look(key, report), token);
        if (found is not null && damage is null)
            return new Ensured<BaseVolume>(found.Volume, Created: false);
        PoolChecks.Admit(what, report.Pool, context.Options, newBytes: 0);

        // Clones of a damaged one share no fate with it: the pool keeps their blocks.
        if (damage is not null)
            await context.RunAsync(what, () => _store.Withdraw(key), token);
        await RemoveRemainsAsync(key, report);
        try
        {
            var made = await MakeAsync(content, imagePath, progress, token);
            return new Ensured<BaseVolume>(made, Created: true);
        }
        catch (Exception e) when (StoreErrors.IsExpected(e) || e is OperationCanceledException)
        {
            await UndoAsync(key);
            throw;
        }
    }

    /// <summary>A base that is whole; null when there is none.</summary>
    /// <exception cref="PortException">There is one, and it is damaged.</exception>
    public LvmBase? Find(BaseKey key, LvmReport report)
    {
        var (found, damage) = Look(key, report);
        return damage is null
            ? found
            : throw PortException.Retryable(
                LaunchErrorCode.DamagedBase,
                $"base {key}: {damage}; no clone is made of it before it is made again");
    }

    /// <summary>A base's record, and what is wrong with it; neither when there is none.</summary>
    private (LvmBase? Found, string? Damage) Look(BaseKey key, LvmReport report)
    {
        if (!_store.HasRecord(key))
            return (null, null);
        var found = TryFind(key, report, out var problem);
        return (found, found is null ? problem : _store.KnownDamage(key));
    }

    /// <summary>Removes a base: its record, and so its publication, first.</summary>
    public async Task DeleteAsync(BaseKey key)
    {
        var what = $"base {key}: cannot be removed";
        await context.RunAsync(what, () => _store.Withdraw(key), CancellationToken.None);
        await context.RunAsync(what, () => _store.DeleteBuild(key), CancellationToken.None);
        await RemoveRemainsAsync(key, await _lvm.ReportAsync());
    }

    /// <summary>Every base whose record is whole, the damaged ones too; the remains of builds and
    /// removals are removed first.</summary>
    public async Task<BaseListing> ListAsync(LvmReport report)
    {
        var keys = await context.RunAsync("cannot list the bases", _store.List, default);
        var remains = report.Volumes
            .Where(v => context.MarkOf(v) is { Instance: null, Base: { } key }
                && v.Name == context.Names.Base(key) && !keys.Contains(key))
            .ToList();
        await context.RemoveLeftoversAsync(remains);
        var listing = new BaseListing([], [], []);
        foreach (var key in keys)
        {
            if (_store.TryRead(key, out var problem) is not { } record)
            {
                context.Host.Note(
                    $"base {key}: its record {problem}; it is not served, and made again when "
                        + "needed");
                continue;
            }

            listing.Bases.Add(record.Volume);
            if (Look(key, report).Damage is { } damage)
                listing.Damaged[key] = damage;
        }

        return listing;
    }

    /// <summary>Why a base is not what was published; null: it is.</summary>
    public async Task<string?> VerifyAsync(
        BaseKey key, IProgress<long>? progress, CancellationToken token)
    {
        var problem = await CompareAsync(key, progress, token);
        if (problem is not null && _store.HasRecord(key))
        {
            await context.RunAsync(
                $"base {key}: cannot keep its damage",
                () => _store.RecordDamage(key, problem),
                CancellationToken.None);
        }

        return problem;
    }

    private async Task<string?> CompareAsync(
        BaseKey key, IProgress<long>? progress, CancellationToken token)
    {
        var report = await _lvm.ReportAsync();
        if (TryFind(key, report, out var problem) is not { } found)
            return problem;
        var name = context.Names.Base(key);
        if (report.Find(name)!.IsReadOnly is false)
            return $"volume {name} is not read-only any more";
        await _lvm.ActivateAsync(name);
        try
        {
            var size = found.Volume.VirtualSizeBytes;
            var walk = new DiskWalk(size, SkipsHoles: false, progress, token);
            var digest = await context.RunAsync(
                $"base {key}: cannot be read",
                () =>
                {
                    using var device = BlockDevice.OpenToRead(_lvm.DevicePath(name));
                    return BlockDevice.Digest(device, walk);
                },
                token);
            return digest == found.DataDigest
                ? null
                : $"its data differs: digest {digest}, published with {found.DataDigest}";
        }
        finally
        {
            await _lvm.DeactivateAsync(name);
        }
    }

    private LvmBase? TryFind(BaseKey key, LvmReport report, out string problem)
    {
        var name = context.Names.Base(key);
        var record = _store.TryRead(key, out problem);
        if (record is null)
            problem = $"its record {problem}";
        else if (report.Find(name) is not { } volume)
            problem = $"there is no volume {name}";
        else if (context.MarkOf(volume) is not { Instance: null, State: VolumeState.Ready } mark
            || mark.Base != key)
            problem = $"volume {name} is not marked as that base, whole";
        else if (volume.SizeBytes != report.WholeExtents(record.Volume.VirtualSizeBytes))
            problem = $"volume {name} has {volume.SizeBytes} bytes, and was made of "
                + $"{record.Volume.VirtualSizeBytes}";
        else
            return record;
        return null;
    }

    private async Task<BaseVolume> MakeAsync(
        BaseContent content, string? imagePath, IProgress<long>? progress, CancellationToken token)
    {
        var key = content.Key();
        var what = What(key);
        var folder = await context.RunAsync(what, () => _store.MakeBuild(key), token);
        await builder.FillAsync(content, imagePath, folder, progress, token);
        var data = Path.Combine(folder, StoreLayout.BaseFile);
        StoreFiles.TryStat(data, out var stat);
        var report = await _lvm.ReportAsync();
        PoolChecks.Admit(what, report.Pool, context.Options, stat.AllocatedBytes);

        token.ThrowIfCancellationRequested();
        var name = context.Names.Base(key);
        var mark = new VolumeMark(VolumeState.Building, key, stat.Size);
        await _lvm.CreateAsync(name, stat.Size, mark);
        var walk = new DiskWalk(stat.Size, SkipsHoles: true, progress, token);
        var (digest, chunks) = await context.RunAsync(
            what, () => Write(data, name, report.Pool!.ChunkBytes, walk), token);
        await context.RunAsync(what, () => _store.DeleteBuild(key), token);
        await _lvm.SealAsync(name);
        var volume = new BaseVolume
        {
            Key = key,
            Content = content,
            VirtualSizeBytes = stat.Size,
            AllocatedBytes = chunks * report.Pool!.ChunkBytes,
            CreatedAt = context.Host.Options.Clock.GetUtcNow(),
        };
        await context.RunAsync(what, () => _store.Publish(new LvmBase(volume, digest)), token);
        return volume;
    }

    private (string Digest, long Chunks) Write(
        string data, string name, long chunkBytes, DiskWalk walk)
    {
        var files = context.Host.Files;
        var path = _lvm.DevicePath(name);
        using var source = files.OpenToRead(data);
        using var device = BlockDevice.OpenToWrite(path);
        var written =
            BlockDevice.Copy(files, source, new DeviceTarget(device, path, chunkBytes), walk);
        files.Sync(device, path);
        return written;
    }

    /// <summary>Removes the volume of a base that has no record.</summary>
    private async Task RemoveRemainsAsync(BaseKey key, LvmReport report)
    {
        var name = context.Names.Base(key);
        if (report.Find(name) is not { } volume)
            return;
        if (context.MarkOf(volume) is not { Instance: null } mark || mark.Base != key)
        {
            throw PortException.Final(
                LaunchErrorCode.VolumeDriver,
                $"base {key}: volume {context.Options.VolumeGroup}/{name} is in its place and not "
                    + "marked as this store's; rename or remove it");
        }

        await _lvm.RemoveAsync(name);
    }

    private async Task UndoAsync(BaseKey key)
    {
        try
        {
            // Its record is there when only the sync of its folder failed: then it is whole, and
            // after a power loss it is or is not.
            if (_store.HasRecord(key))
                return;
            await context.RunAsync(
                "remains", () => _store.DeleteBuild(key), CancellationToken.None);
            await RemoveRemainsAsync(key, await _lvm.ReportAsync());
        }
        catch (Exception e) when (StoreErrors.IsExpected(e))
        {
            context.Host.Note(
                $"base {key}: what was made of it could not be removed ({e.Message}); "
                    + "the next start tries again");
        }
    }

    private static string What(BaseKey key) => $"base {key}: cannot be made";
}

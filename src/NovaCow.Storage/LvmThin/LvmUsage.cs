using System.Globalization;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Measures what volumes take of their pool, and what they share: by thin_ls on a snapshot of the
/// pool's metadata, of which the kernel holds one at a time.
/// </summary>
internal sealed class LvmUsage(LvmContext context, LvmBases bases)
{
    private const string What = "the pool's metadata cannot be read";

    private readonly Lvm _lvm = context.Lvm;
    private readonly SemaphoreSlim _turn = new(1);

    public async Task<VolumeUsage> MeasureAsync(CancellationToken token)
    {
        var report = await _lvm.ReportAsync();
        var sharing = await ReadSharingAsync(token);
        List<BaseUsage> baseUsage = [];
        List<DiskUsage> diskUsage = [];
        foreach (var volume in report.Volumes)
        {
            if (context.MarkOf(volume) is not { State: VolumeState.Ready } mark)
                continue;
            if (mark is { Instance: { } id, Disk: { } disk })
            {
                var (shared, unique) = Of(volume, sharing);
                diskUsage.Add(
                    new DiskUsage(id, disk, mark.Base, volume.SizeBytes, shared, unique));
            }
            else if (await FindAsync(mark.Base!, report, token) is { } found)
            {
                baseUsage.Add(new BaseUsage(
                    found.Key, found.VirtualSizeBytes, found.AllocatedBytes));
            }
        }

        return new VolumeUsage(baseUsage, diskUsage);
    }

    /// <summary>Lets go of a metadata snapshot that a process of this store's held when it died.
    /// </summary>
    public async Task ReleaseLeftoverAsync()
    {
        if (!context.Store.HasSnapshotMark())
            return;
        try
        {
            await SendAsync("release_metadata_snap");
        }
        catch (LvmFailedException)
        {
            // It died before it held it.
        }

        await UnmarkAsync();
    }

    /// <summary>Without thin_ls all that is mapped counts as the disk's own: an upper bound.
    /// </summary>
    private static (long Shared, long Unique) Of(
        LogicalVolume volume, Dictionary<int, (long Shared, long Unique)>? sharing) =>
        volume.ThinId is { } id && sharing?.TryGetValue(id, out var known) is true
            ? known
            : (0, volume.MappedBytes);

    private async Task<BaseVolume?> FindAsync(
        BaseKey key, LvmReport report, CancellationToken token)
    {
        try
        {
            return (await context.RunAsync(
                $"base {key}: cannot be measured", () => bases.Find(key, report), token))?.Volume;
        }
        catch (PortException)
        {
            // Damaged: it is told when it is used, or verified.
            return null;
        }
    }

    private async Task<Dictionary<int, (long Shared, long Unique)>?> ReadSharingAsync(
        CancellationToken token)
    {
        await _turn.WaitAsync(token);
        try
        {
            await context.RunAsync(What, context.Store.MarkSnapshot, token);
            return Parse(await ReadSnapshotAsync());
        }
        catch (Exception e) when (e is LvmFailedException or PortException or FormatException)
        {
            context.Host.Note(
                $"thin pool {context.Options.PoolName}: what its volumes share cannot be told "
                    + $"({e.Message}); all they map counts as their own. Install "
                    + "thin-provisioning-tools; if another holds the pool's metadata snapshot, let "
                    + $"it go: dmsetup message {DmName("-tpool")} 0 release_metadata_snap");
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The mark stays until the snapshot is let go of for certain.</summary>
    private async Task<string> ReadSnapshotAsync()
    {
        var isHeld = false;
        try
        {
            await SendAsync("reserve_metadata_snap");
            isHeld = true;
            return await _lvm.RunToolAsync(
                LvmTools.ThinLs, "-m", "--no-headers", "-o", "DEV,SHARED_BYTES,EXCLUSIVE_BYTES",
                DmPath("_tmeta"));
        }
        finally
        {
            if (isHeld)
                await SendAsync("release_metadata_snap");
            await UnmarkAsync();
        }
    }

    private Task UnmarkAsync() =>
        context.RunAsync(What, context.Store.UnmarkSnapshot, CancellationToken.None);

    private Task SendAsync(string message) =>
        _lvm.RunToolAsync(LvmTools.DmSetup, "message", DmName("-tpool"), "0", message);

    /// <summary>The device mapper's name of one of the pool's parts.</summary>
    private string DmName(string part) =>
        $"{Escape(context.Options.VolumeGroup)}-{Escape(context.Options.ThinPool)}{part}";

    private string DmPath(string part) =>
        $"{context.Options.DeviceFolder}/mapper/{DmName(part)}";

    private static string Escape(string name) => name.Replace("-", "--");

    /// <exception cref="FormatException">A line is not three numbers.</exception>
    internal static Dictionary<int, (long Shared, long Unique)> Parse(string output)
    {
        Dictionary<int, (long Shared, long Unique)> found = [];
        foreach (var line in output.Split('\n', StringSplitOptions.TrimEntries
            | StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 3)
                throw new FormatException($"thin_ls says '{LvmNames.Printable(line)}'");
            found[int.Parse(words[0], CultureInfo.InvariantCulture)] =
                (long.Parse(words[1], CultureInfo.InvariantCulture),
                long.Parse(words[2], CultureInfo.InvariantCulture));
        }

        return found;
    }
}

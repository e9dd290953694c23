using System.Globalization;
using System.Text.Json;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Whether a thin pool can be used, at start, and whether it has room, before each new
/// volume.</summary>
internal static class PoolChecks
{
    /// <summary>Refuses, with the remedy, what is missing for volumes in this pool.</summary>
    /// <exception cref="PortException">Something is.</exception>
    public static async Task OpenAsync(Lvm lvm)
    {
        lvm.Options.Check();
        CheckHost(lvm.Options);
        var report = await ReadAsync(lvm);
        if (report.Pool is { IsThinPool: true, IsActive: false })
        {
            await lvm.ActivatePoolAsync();
            report = await ReadAsync(lvm);
        }

        Check(report.Pool, lvm.Options);
    }

    /// <summary>Refuses new volumes in a pool that is nearly full.</summary>
    /// <param name="what">What they are for.</param>
    /// <param name="pool">The pool now.</param>
    /// <param name="options">Its marks.</param>
    /// <param name="newBytes">What will be written at once.</param>
    /// <exception cref="PortException">It is too full, or damaged.</exception>
    public static void Admit(string what, ThinPool? pool, LvmThinOptions options, long newBytes)
    {
        if (pool is null)
            throw NoPool(options);
        var room = FreeBytes(pool, options);
        if (pool.DataPercent >= options.DataHighWaterPercent || newBytes > room)
        {
            throw Full(
                what,
                $"thin pool {options.PoolName} has {Show(pool.DataPercent)} % of its data taken, "
                    + $"the mark is {Show(options.DataHighWaterPercent)} %"
                    + (newBytes > 0 ? $", and {newBytes} bytes are needed, {room} left" : ""),
                $"lvextend -L +SIZE {options.PoolName}");
        }

        if (pool.MetadataPercent >= options.MetadataHighWaterPercent)
        {
            throw Full(
                what,
                $"thin pool {options.PoolName} has {Show(pool.MetadataPercent)} % of its metadata "
                    + $"taken, the mark is {Show(options.MetadataHighWaterPercent)} %",
                $"lvextend --poolmetadatasize +SIZE {options.PoolName}");
        }

        CheckHealth(pool, options);
    }

    /// <summary>What may still be written below the mark, in bytes.</summary>
    public static long FreeBytes(ThinPool pool, LvmThinOptions options) => Math.Max(
        0, (long)(pool.SizeBytes * options.DataHighWaterPercent / 100) - pool.UsedBytes);

    private static void CheckHost(LvmThinOptions options)
    {
        if (options.LvmPath is { } path && !File.Exists(path))
            throw Missing($"there is no {path}", "correct the setting or install lvm2");
        if (options.LvmPath is null)
            LvmTools.Lvm.Locate();
        using var control = BlockDevice.TryOpen(
            $"{options.DeviceFolder}/mapper/control", LibC.O_RDWR, out var errno);
        if (control is null)
        {
            throw Missing(
                errno is LibC.EACCES or LibC.EPERM
                    ? "this process may not use the device mapper"
                    : "this host's kernel has no device mapper",
                errno is LibC.EACCES or LibC.EPERM
                    ? "run it as root"
                    : "modprobe dm_mod dm_thin_pool, or choose another driver");
        }
    }

    private static async Task<LvmReport> ReadAsync(Lvm lvm)
    {
        try
        {
            return await lvm.ReportAsync();
        }
        catch (LvmFailedException)
        {
            using var groups = JsonDocument.Parse(await lvm.GroupsAsync());
            var names = groups.RootElement.GetProperty("report")[0].GetProperty("vg")
                .EnumerateArray().Select(g => g.GetProperty("vg_name").GetString()).ToList();
            var wanted = lvm.Options.VolumeGroup;
            if (names.Contains(wanted))
                throw;
            throw Missing(
                $"this host has no volume group {wanted}",
                $"name one of those it has ({string.Join(", ", names)}), or vgcreate it");
        }
    }

    private static void Check(ThinPool? pool, LvmThinOptions o)
    {
        var name = o.PoolName;
        if (pool is null)
            throw NoPool(o);
        if (!pool.IsThinPool)
            throw Missing($"{name} is no thin pool", "name a volume that is one");
        if (!pool.IsActive)
            throw Missing($"thin pool {name} is not active", $"lvchange -ay {name}");
        CheckHealth(pool, o);
        if (!pool.IsZeroing)
        {
            throw Missing(
                $"thin pool {name} does not zero new blocks, so that a guest could read what "
                    + "another one has deleted",
                $"lvchange -Zy {name}");
        }

        if (pool.Discards != "passdown")
        {
            throw Missing(
                $"thin pool {name} does not pass discards down ({pool.Discards})",
                $"lvchange --discards passdown {name}");
        }
    }

    /// <summary>A pool that is only full is no reason not to start: disks can be removed.
    /// </summary>
    private static void CheckHealth(ThinPool pool, LvmThinOptions o)
    {
        if (pool.Health is not ("" or ThinPool.OutOfData))
        {
            throw Missing(
                $"thin pool {o.PoolName} is damaged ({LvmNames.Printable(pool.Health)})",
                $"stop what uses it and lvconvert --repair {o.PoolName}");
        }
    }

    private static PortException NoPool(LvmThinOptions o) => Missing(
        $"volume group {o.VolumeGroup} has no thin pool {o.ThinPool}",
        $"lvcreate --type thin-pool -L SIZE -n {o.ThinPool} {o.VolumeGroup}");

    private static string Show(double percent) =>
        percent.ToString("0.##", CultureInfo.InvariantCulture);

    private static PortException Missing(string cause, string remedy) =>
        PortException.Final(LaunchErrorCode.VolumeDriver, $"lvm-thin: {cause}; {remedy}");

    private static PortException Full(string what, string cause, string remedy) =>
        PortException.Retryable(
            LaunchErrorCode.InsufficientStorage,
            $"{what}: {cause}; delete instances or bases, or enlarge the pool: {remedy}");
}

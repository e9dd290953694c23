using System.Collections.Concurrent;
using NovaCow.Core;

namespace NovaCow.Actors.Tests.Fakes;

/// <summary>Disks that change; and a second kind of file, which other drivers over the same disk
/// have.</summary>
internal sealed partial class FakeDisk
{
    private const long MaxBytes = 1L << 45;

    /// <summary>The disks of drivers of raw files.</summary>
    public ConcurrentDictionary<(InstanceId Instance, DiskName Disk), InstanceDisk> RawDisks
    {
        get;
    } = new();

    /// <summary>What disks were before they were made anew, while that lies beside them.</summary>
    public ConcurrentDictionary<(InstanceId Instance, DiskName Disk), InstanceDisk> Replaced
    {
        get;
    } = new();

    /// <summary>A driver of raw files over the same disk.</summary>
    public FakeRawDriver Raw(string name) => new(this, name);

    public Task<InstanceDisk> ChangeDiskAsync(
        DiskChangeRequest request,
        IProgress<long>? progress,
        CancellationToken cancellationToken) =>
        ChangeAsync(Name, request, progress, cancellationToken);

    /// <summary>A disk as a driver's change leaves it; before it is durable the call can be held
    /// up, failed or cancelled.</summary>
    public Task<InstanceDisk> ChangeAsync(
        string driver,
        DiskChangeRequest request,
        IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        if (request.Change is DiskChange.Grow { VirtualSizeBytes: > MaxBytes })
        {
            return Task.FromException<InstanceDisk>(PortException.Final(
                LaunchErrorCode.InvalidRequest, $"disks have at most {MaxBytes} bytes"));
        }

        progress?.Report(request.Disk.VirtualSizeBytes / 2);
        return Begin("change", cancellationToken, () =>
        {
            var id = (request.Instance, request.Disk.Name);
            var old = request.Disk.Format == "raw" ? RawDisks : Disks;
            Assert.True(old.TryGetValue(id, out var disk), $"{id}: there is no such disk");
            var raw = driver != DriverName.Qcow2;
            var extension = raw ? "raw" : "qcow2";
            var changed = Changed(disk, request.Change) with
            {
                Driver = driver,
                Format = extension,
                Path = request.Change is DiskChange.Rebuild
                    ? $"/store/instances/{request.Instance}/{disk.Name}"
                        + (disk.Path.Contains(".new.") ? $".{extension}" : $".new.{extension}")
                    : Path.ChangeExtension(disk.Path, extension),
            };
            if (request.Change is DiskChange.Rebuild)
                Replaced[id] = disk;
            (raw ? RawDisks : Disks)[id] = changed;
            return changed;
        });
    }

    public Task DeleteRawAsync(
        InstanceId instance, DiskName disk, CancellationToken cancellationToken) =>
        Begin("delete-disk", cancellationToken, () =>
        {
            AssertNoRecordNames(instance, $"{disk}.raw");
            return RawDisks.TryRemove((instance, disk), out _);
        });

    public VolumeUsage Usage(
        ConcurrentDictionary<(InstanceId Instance, DiskName Disk), InstanceDisk> disks) => new(
            [.. Bases.Values.Select(
                b => new BaseUsage(b.Key, b.VirtualSizeBytes, b.AllocatedBytes))],
            [.. disks.Select(d => new DiskUsage(
                d.Key.Instance, d.Key.Disk, d.Value.BackingFile, d.Value.VirtualSizeBytes,
                0, UniqueBytes ?? d.Value.AllocatedBytes))]);

    public static Dictionary<InstanceId, IReadOnlyList<InstanceDisk>> ByInstance(
        IEnumerable<KeyValuePair<(InstanceId Instance, DiskName Disk), InstanceDisk>> disks) =>
        disks.GroupBy(d => d.Key.Instance).ToDictionary(
            g => g.Key, IReadOnlyList<InstanceDisk> (g) => [.. g.Select(d => d.Value)]);

    private InstanceDisk Changed(InstanceDisk disk, DiskChange change)
    {
        switch (change)
        {
            case DiskChange.Grow grow:
                return disk with { VirtualSizeBytes = grow.VirtualSizeBytes };
            case DiskChange.Flatten:
                return disk with { BackingFile = null, AllocatedBytes = 1_012 };
            case DiskChange.Rebase rebase:
                Assert.True(Bases.ContainsKey(rebase.Base), $"a clone of {rebase.Base}, not made");
                return disk with { BackingFile = rebase.Base, AllocatedBytes = 12 };
            case DiskChange.Rebuild rebuild:
                Assert.True(Bases.ContainsKey(rebuild.Base), $"{rebuild.Base} is not made");
                return disk with { BackingFile = rebuild.Base, AllocatedBytes = 13 };
            default:
                throw new InvalidOperationException($"{change}");
        }
    }

    private void RemoveUnnamed()
    {
        foreach (var files in new[] { Disks, RawDisks })
        {
            foreach (var (id, disk) in files)
            {
                if (IsNamed(id.Instance, Path.GetFileName(disk.Path)))
                    continue;
                files.TryRemove(id, out _);
                if (Replaced.TryGetValue(id, out var old)
                    && IsNamed(id.Instance, Path.GetFileName(old.Path)))
                {
                    files[id] = old;
                }
            }
        }

        Replaced.Clear();

        RemoveUnnamedBootFiles();
    }

    private bool IsNamed(InstanceId instance, string file) =>
        Records.TryGetValue(instance, out var record)
            && record.Disks.Any(d => Path.GetFileName(d.Path) == file);

    private void AssertNoRecordNames(InstanceId instance, string file) =>
        Assert.False(IsNamed(instance, file), $"{instance}: {file} before its record");
}

/// <summary>Another driver over a fake disk: raw files, copied or sharing.</summary>
internal sealed class FakeRawDriver(FakeDisk disk, string name) : IVolumeDriver
{
    public string Name => name;

    public Task<Ensured<BaseVolume>> EnsureBaseAsync(
        BaseContent content, string? imagePath, IProgress<long>? progress,
        CancellationToken cancellationToken) =>
        disk.EnsureBaseAsync(content, imagePath, progress, cancellationToken);

    public Task<Ensured<InstanceDisk>> EnsureDiskAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var made = new InstanceDisk
        {
            Name = request.Disk,
            BackingFile = name == DriverName.Copy ? null : request.Base,
            VirtualSizeBytes = request.VirtualSizeBytes,
            AllocatedBytes = 1_000,
            Path = $"/store/instances/{request.Instance}/{request.Disk}.raw",
            Format = "raw",
            Driver = name,
        };
        var created = disk.RawDisks.TryAdd((request.Instance, request.Disk), made);
        return Task.FromResult(new Ensured<InstanceDisk>(made, created));
    }

    public Task<InstanceDisk> ChangeDiskAsync(
        DiskChangeRequest request,
        IProgress<long>? progress,
        CancellationToken cancellationToken) =>
        disk.ChangeAsync(name, request, progress, cancellationToken);

    public Task DeleteDiskAsync(
        InstanceId instance, DiskName name1, CancellationToken cancellationToken) =>
        disk.DeleteRawAsync(instance, name1, cancellationToken);

    public Task DeleteBaseAsync(BaseKey key, CancellationToken cancellationToken) =>
        disk.DeleteBaseAsync(key, cancellationToken);

    public Task<string?> VerifyBaseAsync(
        BaseKey key, IProgress<long>? progress, CancellationToken cancellationToken) =>
        disk.VerifyBaseAsync(key, progress, cancellationToken);

    public Task<VolumeInventory> ListAsync(CancellationToken cancellationToken)
    {
        var ours = disk.RawDisks.Where(d => d.Value.Driver == name);
        return Task.FromResult(new VolumeInventory([], FakeDisk.ByInstance(ours)));
    }

    public Task<VolumeUsage> MeasureAsync(CancellationToken cancellationToken) =>
        Task.FromResult(disk.Usage(new(disk.RawDisks.Where(d => d.Value.Driver == name))));
}

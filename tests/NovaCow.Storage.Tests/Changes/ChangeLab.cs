using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>A store with all drivers of files on it, disks that a guest has written to, and what
/// that guest would read.</summary>
internal sealed class ChangeLab : IDisposable
{
    private const int SectorBytes = 512;
    private readonly TempFolder _folder;
    private readonly Dictionary<string, FileVolumeDriver> _drivers;
    private int _files;

    public ChangeLab(
        string? parent = null,
        FaultInjector? faults = null,
        ChangeLimits? limits = null,
        ITransferClient? transfers = null,
        string? sharedRoot = null)
    {
        _folder = new TempFolder(parent);
        Store = HostStore.Open(
            _folder.File("store"), options: null, (faults ?? new FaultInjector()).Files());
        var inspector = new ImageInspector();
        limits ??= new ChangeLimits();
        SharedStores = sharedRoot is null ? null : new SharedStores(Store, "shared", sharedRoot);
        _drivers = new FileVolumeDriver[]
        {
            new Qcow2VolumeDriver(Store, inspector)
            {
                ChangeLimits = limits,
                TransferClient = transfers,
                SharedStores = SharedStores,
            },
            new ReflinkVolumeDriver(Store, inspector)
            {
                ChangeLimits = limits,
                TransferClient = transfers,
                SharedStores = SharedStores,
            },
            new CopyVolumeDriver(Store, inspector)
            {
                ChangeLimits = limits,
                TransferClient = transfers,
                SharedStores = SharedStores,
            },
        }.ToDictionary(d => d.Name);
    }

    public HostStore Store { get; }

    /// <summary>The stores beside this one, where that was asked for.</summary>
    public SharedStores? SharedStores { get; }

    public FileVolumeDriver Driver(string name) => _drivers[name];

    public DriverHost Host(string driver) => new(Store, _drivers[driver]);

    public string NewFile() => _folder.File($"file-{_files++}");

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }

    /// <summary>A base with runs of random bytes, of zeros, and holes.</summary>
    public async Task<BaseVolume> BaseAsync(long bytes, int seed)
    {
        var path = NewFile();
        var random = new Random(seed);
        await using (var file = File.Create(path))
        {
            file.SetLength(bytes);
            for (var i = 0; i < 8; i++)
            {
                var run = new byte[random.Next(1, (int)Math.Min(bytes, 700_000))];
                if (i % 3 != 2)
                    random.NextBytes(run);
                file.Position = random.NextInt64(bytes - run.Length + 1);
                await file.WriteAsync(run);
            }
        }

        return await Host(DriverName.Qcow2).ImageAsync(path, DiskFormat.Raw, bytes);
    }

    /// <summary>An instance's root disk, with its record.</summary>
    public async Task<DiskOf> DiskAsync(string driver, BaseVolume volume, string id, long bytes)
    {
        var disk = await Host(driver).CloneAsync(volume, id, bytes: bytes);
        await Store.SaveInstanceAsync(TestImages.Record(InstanceId.Parse(id), disk), default);
        return new DiskOf(InstanceId.Parse(id), disk);
    }

    public Task<InstanceDisk> ChangeAsync(
        string driver,
        DiskOf disk,
        DiskChange change,
        IProgress<long>? progress = null,
        CancellationToken token = default) => Driver(driver).ChangeDiskAsync(
            new DiskChangeRequest(disk.Instance, disk.Disk, change), progress, token);

    /// <summary>Writes, zeros and trims as a guest does, anywhere, also at the very end.</summary>
    public static async Task WriteAsync(InstanceDisk disk, int seed, int writes = 12)
    {
        var random = new Random(seed);
        List<string> arguments = ["-d", "unmap", "-f", disk.Format];
        for (var i = 0; i < writes; i++)
        {
            var sectors = disk.VirtualSizeBytes / SectorBytes;
            var count = random.NextInt64(1, Math.Min(sectors, 600));
            var from = i == 0 ? sectors - count : random.NextInt64(sectors - count + 1);
            var what = (i % 5) switch
            {
                3 => "write -z",
                4 => "discard",
                _ => $"write -P {random.Next(1, 256)}",
            };
            arguments.AddRange(["-c", $"{what} {from * SectorBytes} {count * SectorBytes}"]);
        }

        await TestTool.RunAsync("qemu-io", [.. arguments, disk.Path]);
    }

    /// <summary>What a guest reads now, in a raw file.</summary>
    public async Task<string> ReadAsync(InstanceDisk disk)
    {
        var path = NewFile();
        await TestTool.RunAsync(
            "qemu-img", "convert", "-f", disk.Format, "-O", "raw", disk.Path, path);
        return path;
    }

    /// <summary>Asserts that a guest reads this, and zeros behind it, from a clean disk.</summary>
    public static async Task AssertReadsAsync(string expected, InstanceDisk disk)
    {
        await TestTool.RunAsync(
            "qemu-img", "compare", "-f", "raw", "-F", disk.Format, expected, disk.Path);
        if (disk.Format == "qcow2")
            await TestTool.RunAsync("qemu-img", "check", "-f", "qcow2", disk.Path);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(disk.Path));
    }

    /// <summary>The files of an instance's folder but its record.</summary>
    public static string[] FilesBeside(InstanceDisk disk) =>
    [
        .. Directory.GetFiles(Path.GetDirectoryName(disk.Path)!).Select(f => Path.GetFileName(f))
            .Where(f => f != "instance.json").Order(StringComparer.Ordinal),
    ];
}

/// <summary>An instance and one of its disks.</summary>
internal sealed record DiskOf(InstanceId Instance, InstanceDisk Disk);

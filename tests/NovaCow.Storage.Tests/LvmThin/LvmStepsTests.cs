using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>
/// Each thing that the driver does, cut off or failed at each of its steps, on a pool of
/// fake-lvm.sh's, and then looked at by a new process.
/// </summary>
public sealed class LvmStepsTests : IAsyncLifetime, IDisposable
{
    private const long MiB = TestImages.MiB;
    private static readonly InstanceId s_kept = InstanceId.Parse("kept");
    private static readonly InstanceId s_new = InstanceId.Parse("new");
    private static readonly BaseKey s_blank = TestImages.Blank(MiB).Key();

    private static readonly Dictionary<string, Func<DriverHost, string, Task>> s_operations = new()
    {
        ["a blank base"] = (host, _) => host.BlankAsync(2 * MiB),
        ["a raw base"] = (host, folder) =>
            host.ImageAsync(Path.Combine(folder, "other"), DiskFormat.Raw, MiB / 2),
        ["a committed clone"] = async (host, _) =>
        {
            var disk = (await host.Driver.EnsureDiskAsync(
                new CloneRequest(s_new, DiskName.Root, s_blank, 4 * MiB), null, default)).Value;
            await host.Store.SaveInstanceAsync(TestImages.Record(s_new, disk), default);
        },
        ["a deleted base"] = (host, _) => host.Driver.DeleteBaseAsync(s_blank, default),
        ["a deleted instance"] = async (host, _) =>
        {
            await host.Store.DeleteInstanceAsync(s_kept, default);
            await host.Driver.DeleteDiskAsync(s_kept, DiskName.Root, default);
        },
        ["a grown disk"] = (host, _) => ChangeAsync(host, new DiskChange.Grow(8 * MiB)),
        ["a flattened disk"] = (host, _) => ChangeAsync(host, new DiskChange.Flatten()),
        ["a rebased disk"] = (host, _) => ChangeAsync(host, new DiskChange.Rebase(s_blank)),
        ["a verified base"] = async (host, folder) => Assert.Null(
            await host.Driver.VerifyBaseAsync(KeyOf(Path.Combine(folder, "disk")), null, default)),
        ["a measured pool"] = (host, _) => host.Driver.MeasureAsync(default),
    };

    private readonly TempFolder _folder = new();
    private readonly FakePool _template = new();
    private readonly List<FakePool> _pools = [];
    private string _guestBytes = "";
    private int _stores;

    public static TheoryData<string> Operations => [.. s_operations.Keys];

    public static TheoryData<string, string> Failures
    {
        get
        {
            TheoryData<string, string> all = [];
            foreach (var operation in s_operations.Keys)
            {
                foreach (var mode in (string[])["fail", "fail-after", "die-after"])
                    all.Add(operation, mode);
            }

            return all;
        }
    }

    /// <summary>A store with two bases, and an instance over one whose guest has written.</summary>
    public async ValueTask InitializeAsync()
    {
        TestImages.Raw(_folder.File("other"), MiB / 2, seed: 2);
        var raw = TestImages.Raw(_folder.File("disk"), MiB);
        using var host = Open(_folder.File("template"), _template, new FaultInjector());
        await host.BlankAsync(MiB);
        var disk = await host.CommitAsync(
            await host.ImageAsync(raw, DiskFormat.Raw, MiB), s_kept.Value);
        var files = new StoreFiles();
        using var device = BlockDevice.OpenToWrite(disk.Path);
        files.Write(device, disk.Path, new byte[] { 1, 2, 3 }, MiB / 2);
        _guestBytes = Digest(disk.Path);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        foreach (var pool in _pools)
            pool.Dispose();
        _pools.Clear();
        if (Directory.Exists(_template.Folder))
            _template.Dispose();
        if (Directory.Exists(_folder.Path))
            _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_crash_before_any_step_leaves_all_or_nothing(string operation)
    {
        var steps = int.MaxValue;
        for (var step = 0; step < steps; step++)
        {
            var (root, pool) = await PrepareAsync();
            var faults = new FaultInjector();
            using (var host = Open(root, pool, faults))
            {
                faults.Count();
                if (step > 0)
                    faults.CrashAt(step - 1);
                var crash = await Record.ExceptionAsync(() => RunAsync(operation, host));
                if (step == 0)
                    steps = faults.Steps.Count + 1;
                Assert.True(crash is CrashException == step > 0, $"step {step}: {crash}");
            }

            await CheckAfterAsync(root, pool, operation, acknowledged: step == 0);
        }
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_command_that_fails_is_told_and_can_be_tried_again(
        string operation, string mode)
    {
        for (var call = 0; ; call++)
        {
            var (root, pool) = await PrepareAsync();
            Exception? error;
            using (var host = Open(root, pool, new FaultInjector()))
            {
                pool.Forget();
                pool.Fault(call, mode);
                error = await Record.ExceptionAsync(() => RunAsync(operation, host));
                Assert.True(error is null or PortException, $"call {call}: {error}");
                if (pool.Calls.Length <= call)
                    break;
                pool.Reboot();
            }

            await CheckAfterAsync(root, pool, operation, acknowledged: error is null);
        }
    }

    private static Task ChangeAsync(DriverHost host, DiskChange change)
    {
        var disk = new InstanceDisk
        {
            Name = DiskName.Root,
            BackingFile = null,
            VirtualSizeBytes = MiB,
            AllocatedBytes = 0,
            Path = "",
            Format = "raw",
            Driver = DriverName.LvmThin,
        };
        return host.Driver.ChangeDiskAsync(
            new DiskChangeRequest(s_kept, disk, change), null, default);
    }

    private async Task<(string Root, FakePool Pool)> PrepareAsync()
    {
        var root = _folder.File($"store-{_stores++}");
        await TestTool.RunAsync("cp", "-a", _folder.File("template"), root);
        foreach (var old in _pools)
            old.Dispose();
        _pools.Clear();
        var pool = _template.Copy();
        _pools.Add(pool);
        return (root, pool);
    }

    private Task RunAsync(string operation, DriverHost host) =>
        s_operations[operation](host, _folder.Path);

    private static DriverHost Open(string root, FakePool pool, FaultInjector faults)
    {
        var store = HostStore.Open(root, options: null, faults.Files());
        var driver = LvmThinVolumeDriver.OpenAsync(store, new ImageInspector(), pool.Options)
            .GetAwaiter().GetResult();
        return new DriverHost(store, driver);
    }

    private async Task CheckAfterAsync(
        string root, FakePool pool, string operation, bool acknowledged)
    {
        using var host = Open(root, pool, new FaultInjector());
        var found = await host.Driver.ListAsync(default);
        var records = await host.Store.ListInstancesAsync(default);

        // What is listed is whole, what is not listed is not there, and no change is half done.
        foreach (var volume in found.Bases)
            Assert.Null(await host.Driver.VerifyBaseAsync(volume.Key, null, default));
        Assert.Equal(records.Select(r => r.Id), found.Disks.Keys);
        Assert.Equal(found.Bases.Count + found.Disks.Count, pool.Volumes.Length);
        Assert.DoesNotContain(
            pool.Volumes, v => v.StartsWith("nco", StringComparison.Ordinal)
                || v.StartsWith("ncn", StringComparison.Ordinal));
        if (found.Disks.TryGetValue(s_kept, out var disks))
            Assert.Equal(_guestBytes, Digest(Assert.Single(disks).Path));
        else
            Assert.Equal("a deleted instance", operation);
        if (acknowledged)
            CheckAcknowledged(operation, found);

        // And it can be done again.
        await RunAsync(operation, host);
        CheckAcknowledged(operation, await host.Driver.ListAsync(default));
    }

    private static void CheckAcknowledged(string operation, VolumeInventory found)
    {
        var kept = found.Disks.GetValueOrDefault(s_kept)?[0];
        switch (operation)
        {
            case "a blank base":
            case "a raw base":
                Assert.Equal(3, found.Bases.Count);
                break;
            case "a committed clone":
                Assert.Equal(4 * MiB, Assert.Single(found.Disks[s_new]).VirtualSizeBytes);
                break;
            case "a deleted base":
                Assert.DoesNotContain(found.Bases, b => b.Key == s_blank);
                break;
            case "a deleted instance":
                Assert.Null(kept);
                break;
            case "a grown disk":
                Assert.Equal(8 * MiB, kept!.VirtualSizeBytes);
                break;
            case "a flattened disk":
                Assert.Null(kept!.BackingFile);
                break;
            case "a rebased disk":
                Assert.Equal(s_blank, kept!.BackingFile);
                break;
            default:
                Assert.Equal(2, found.Bases.Count);
                break;
        }
    }

    private static string Digest(string path)
    {
        using var device = BlockDevice.OpenToRead(path);
        return BlockDevice.Digest(
            device, new DiskWalk(MiB, SkipsHoles: false, null, CancellationToken.None));
    }

    private static BaseKey KeyOf(string path) =>
        TestImages.Describe(path, DiskFormat.Raw, MiB).BaseKey();
}

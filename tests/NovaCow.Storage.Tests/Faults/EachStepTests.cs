using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>
/// Each thing that the store does, stopped before each of its steps, or failed at each of them, and
/// then looked at by a new process. A driver's own tests are a subclass that makes it.
/// </summary>
public abstract class EachStepTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private static readonly InstanceId s_instance = InstanceId.Parse("vm-1");
    private readonly TempFolder _folder;
    private int _stores;

    /// <param name="home">Where its stores are; else the temporary directory.</param>
    private protected EachStepTests(string? home = null) => _folder = new(home);

    public static TheoryData<string> Operations => [.. s_operations.Keys];

    // Each returns what a restart must find once it has been acknowledged.
    private static readonly Dictionary<string, Func<DriverHost, string, Task>> s_operations = new()
    {
        ["a blank base"] = async (host, _) => await host.BlankAsync(2 * MiB),
        ["a formatted base"] = async (host, _) =>
            await host.BlankAsync(2 * MiB, BlankFileSystem.Swap),
        ["a converted base"] = async (host, folder) =>
            await host.ImageAsync(Path.Combine(folder, "disk.qcow2"), DiskFormat.Qcow2, 4 * MiB),
        ["a raw base"] = async (host, folder) =>
            await host.ImageAsync(Path.Combine(folder, "disk"), DiskFormat.Raw, 4 * MiB),
        ["a committed clone"] = async (host, _) =>
            await host.CommitAsync(await host.BlankAsync(MiB), s_instance.Value),
        ["a deleted base"] = (host, _) =>
            host.Driver.DeleteBaseAsync(TestImages.Blank(MiB).Key(), default),
        ["a sealed base"] = async (host, _) => Assert.Null(
            await host.Driver.VerifyBaseAsync(TestImages.Blank(MiB).Key(), null, default)),
        ["a base made again"] = async (host, _) =>
        {
            var key = TestImages.Blank(MiB).Key();
            await host.Driver.VerifyBaseAsync(key, null, default);
            Damage(host, key);
            await host.BlankAsync(MiB);
        },
        ["a deleted instance"] = async (host, _) =>
        {
            var old = InstanceId.Parse("old");
            await host.Store.DeleteInstanceAsync(old, default);
            await host.Driver.DeleteDiskAsync(old, DiskName.Root, default);
        },
    };

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes the driver on a store.</summary>
    private protected abstract IVolumeDriver Create(HostStore store);

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_crash_before_any_step_leaves_all_or_nothing(string operation)
    {
        await MakeImagesAsync();
        var steps = await CountStepsAsync(operation);
        Assert.InRange(steps, 3, 200);
        for (var step = 0; step <= steps; step++)
        {
            var faults = new FaultInjector();
            var root = await PrepareAsync(faults);
            using (var host = Open(root, faults))
            {
                await host.Driver.ListAsync(default);
                faults.CrashAt(step);
                var crash = await Record.ExceptionAsync(() => RunAsync(operation, host));
                Assert.True(
                    crash is CrashException || (crash is null && step == steps), $"{crash}");
            }

            await CheckAfterAsync(root, operation, acknowledged: step == steps);
        }
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task An_error_at_any_step_is_told_and_can_be_tried_again(string operation)
    {
        await MakeImagesAsync();
        var steps = await CountStepsAsync(operation);
        for (var step = 0; step < steps; step++)
        {
            var faults = new FaultInjector();
            var root = await PrepareAsync(faults);
            using var host = Open(root, faults);
            await host.Driver.ListAsync(default);
            var noSpace = step % 2 == 0;
            faults.FailAt(step, noSpace ? LibC.ENOSPC : LibC.EIO);
            var error = await Assert.ThrowsAsync<PortException>(() => RunAsync(operation, host));
            var expected =
                noSpace ? LaunchErrorCode.InsufficientStorage : LaunchErrorCode.VolumeDriver;
            Assert.Equal(expected, error.Error.Code);
            AssertNeverSyncedAgain(faults, step);

            faults.Count();
            await RunAsync(operation, host);
            host.Dispose();
            await CheckAfterAsync(root, operation, acknowledged: true);
        }
    }

    /// <summary>After a failed fsync the kernel calls the lost pages clean: the next one would lie.
    /// </summary>
    private static void AssertNeverSyncedAgain(FaultInjector faults, int step)
    {
        var failed = faults.Steps[step];
        if (failed.StartsWith("fsync", StringComparison.Ordinal))
            Assert.DoesNotContain(failed, faults.Steps.Skip(step + 1));
    }

    private async Task<int> CountStepsAsync(string operation)
    {
        var faults = new FaultInjector();
        using var host = Open(await PrepareAsync(faults), faults);
        await host.Driver.ListAsync(default);
        faults.Count();
        await RunAsync(operation, host);
        return faults.Steps.Count;
    }

    private Task RunAsync(string operation, DriverHost host) =>
        s_operations[operation](host, _folder.Path);

    private async Task MakeImagesAsync()
    {
        TestTool.Need("qemu-img", "mkswap");
        var raw = TestImages.Raw(_folder.File("disk"));
        await TestImages.ConvertAsync(raw, "qcow2");
    }

    /// <summary>A store in which there is already a base, an instance and one that is deleted.
    /// </summary>
    private async Task<string> PrepareAsync(FaultInjector faults)
    {
        var root = _folder.File($"store-{_stores++}");
        using var host = Open(root, faults);
        await host.CommitAsync(await host.BlankAsync(3 * MiB), "kept");
        await host.CommitAsync(await host.BlankAsync(3 * MiB), "old");
        await host.BlankAsync(MiB);
        return root;
    }

    private DriverHost Open(string root, FaultInjector faults)
    {
        var store = HostStore.Open(root, options: null, faults.Files());
        return new DriverHost(store, Create(store));
    }

    private async Task CheckAfterAsync(string root, string operation, bool acknowledged)
    {
        using var host = Open(root, new FaultInjector());
        var found = await host.Driver.ListAsync(default);
        var records = await host.Store.ListInstancesAsync(default);

        // What was there before is there still, and what is listed is whole.
        Assert.Contains(found.Bases, b => b.Key == TestImages.Blank(3 * MiB).Key());
        Assert.Contains(InstanceId.Parse("kept"), found.Disks.Keys);
        Assert.All(
            found.Bases.Where(b => !found.Damaged.ContainsKey(b.Key)),
            volume => CheckWhole(host, volume));
        Assert.Equal(
            Directory.GetDirectories(Path.Combine(root, "bases")).Length, found.Bases.Count);
        foreach (var disk in found.Disks.Values.SelectMany(d => d))
            await CheckWholeAsync(disk);

        // Only a deletion that was cut short can leave a record without its disk.
        Assert.All(records, r => Assert.Contains(r.Id, found.Disks.Keys));
        Assert.Equal(
            Directory.GetDirectories(Path.Combine(root, "instances")).Length, found.Disks.Count);
        if (acknowledged)
            CheckAcknowledged(operation, found);
    }

    private static void CheckAcknowledged(string operation, VolumeInventory found)
    {
        var bases = found.Bases.Count;
        switch (operation)
        {
            case "a deleted base":
                Assert.Equal(1, bases);
                break;
            case "a sealed base":
                Assert.DoesNotContain(TestImages.Blank(MiB).Key(), found.Unsealed);
                break;
            case "a base made again":
                Assert.Equal(2, bases);
                Assert.Empty(found.Damaged);
                break;
            case "a deleted instance":
                Assert.DoesNotContain(InstanceId.Parse("old"), found.Disks.Keys);
                break;
            case "a committed clone":
                Assert.Contains(s_instance, found.Disks.Keys);
                break;
            default:
                Assert.Equal(3, bases);
                break;
        }
    }

    private static async Task CheckWholeAsync(InstanceDisk disk)
    {
        if (disk.Format == "qcow2")
            await TestTool.RunAsync("qemu-img", "check", "-q", "-f", disk.Format, disk.Path);
        else
            Assert.Equal(disk.VirtualSizeBytes, new FileInfo(disk.Path).Length);
    }

    private static void Damage(DriverHost host, BaseKey key)
    {
        var file = Path.Combine(host.Store.Root, "bases", key.Value, "base.raw");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(file, "short");
    }

    private static void CheckWhole(DriverHost host, BaseVolume volume)
    {
        var file = Path.Combine(host.Store.Root, "bases", volume.Key.Value, "base.raw");
        Assert.Equal(volume.VirtualSizeBytes, new FileInfo(file).Length);
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(file));
        if (volume.Content is BaseContent.OfImage { Image.Format: DiskFormat.Raw } image)
            Assert.Equal(image.Image.Digest, TestImages.DigestOf(file));
    }
}

using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>
/// Each method, gone wrong before, in the middle of or after its work, and then a restart on the
/// same store: nothing that was acknowledged is lost, nothing half-made is left, and the same call
/// succeeds.
/// </summary>
public abstract partial class VolumeDriverConformance
{
    private const int MostMiddles = 4;
    private static readonly string[] s_readers =
        [nameof(IVolumeDriver.VerifyBaseAsync), nameof(IVolumeDriver.MeasureAsync)];

    private static readonly InstanceId s_kept = InstanceId.Parse("kept");
    private static readonly InstanceId s_old = InstanceId.Parse("old");

    // Bases and disks are those after success; before, there are two of each.
    private static readonly Dictionary<string, FlakyCall> s_calls = new FlakyCall[]
    {
        new(nameof(IVolumeDriver.EnsureBaseAsync), 3, 2, (host, _) => host.BlankAsync(3 * MiB)),
        new("EnsureBaseAsync of an image", 3, 2, (host, folder) =>
            host.ImageAsync(folder.File("other.qcow2"), DiskFormat.Qcow2, 4 * MiB)),
        new(nameof(IVolumeDriver.EnsureDiskAsync), 2, 3, async (host, _) =>
            await host.CommitAsync(await host.BlankAsync(MiB), "vm-1")),
        new(nameof(IVolumeDriver.ChangeDiskAsync), 2, 2, (host, _) => GrowAsync(host)),
        new(nameof(IVolumeDriver.DeleteDiskAsync), 2, 1, async (host, _) =>
        {
            await host.Store.DeleteInstanceAsync(s_old, default);
            await host.Driver.DeleteDiskAsync(s_old, DiskName.Root, default);
        }),
        new(nameof(IVolumeDriver.DeleteBaseAsync), 1, 1, async (host, _) =>
        {
            await host.Store.DeleteInstanceAsync(s_old, default);
            await host.Driver.DeleteDiskAsync(s_old, DiskName.Root, default);
            await host.Driver.DeleteBaseAsync(TestImages.Blank(MiB).Key(), default);
        }),
        new(nameof(IVolumeDriver.VerifyBaseAsync), 2, 2, async (host, _) => Assert.Null(
            await host.Driver.VerifyBaseAsync(TestImages.Blank(MiB).Key(), null, default))),
        new(nameof(IVolumeDriver.ListAsync), 2, 2, (host, _) => host.Driver.ListAsync(default)),
        new(nameof(IVolumeDriver.MeasureAsync), 2, 2, (host, _) =>
            host.Driver.MeasureAsync(default)),
    }.ToDictionary(call => call.Name);

    /// <summary>What only reads has no middle that could leave anything.</summary>
    public static TheoryData<string, FaultPoint, FaultKind> FlakyCalls =>
    [
        .. from call in s_calls.Keys
        from point in Enum.GetValues<FaultPoint>()
        from kind in Enum.GetValues<FaultKind>()
        where point != FaultPoint.Middle || !s_readers.Contains(call)
        select (call, point, kind),
    ];

    [Theory]
    [MemberData(nameof(FlakyCalls))]
    public async Task A_call_that_goes_wrong_is_got_over_by_a_restart(
        string name, FaultPoint point, FaultKind kind)
    {
        TestTool.Need("qemu-img");
        var call = s_calls[name];
        var raw = TestImages.Raw(_folder.File("disk"));
        var other = TestImages.Raw(_folder.File("other"), seed: 2);
        File.Move(await TestImages.ConvertAsync(other, "qcow2"), _folder.File("other.qcow2"));
        foreach (var step in await StepsAsync(call, point))
        {
            var root = await PrepareAsync($"store-{step}", raw);
            Exception? error;
            using (var host = OpenFlaky(root, out var flaky))
            {
                if (call.Method != nameof(IVolumeDriver.ListAsync))
                    await host.Driver.ListAsync(default);
                flaky.Arm(new FlakyFault(call.Method, point, kind, step));
                error = await Record.ExceptionAsync(() => call.Act(host, _folder));
            }

            Assert.True(
                error is PortException or CrashException or OperationCanceledException, $"{error}");
            await CheckAfterAsync(root, raw, null);
            using (var host = OpenFlaky(root, out _))
            {
                await host.Driver.ListAsync(default);
                await call.Act(host, _folder);
            }

            await CheckAfterAsync(root, raw, call);
        }
    }

    /// <summary>Some of the call's steps, from the first to the last; one where the point is not
    /// in the middle.</summary>
    private async Task<int[]> StepsAsync(FlakyCall call, FaultPoint point)
    {
        using var host = OpenFlaky(
            await PrepareAsync("store", _folder.File("disk")), out var flaky);
        if (call.Method != nameof(IVolumeDriver.ListAsync))
            await host.Driver.ListAsync(default);
        flaky.Arm(new FlakyFault(call.Method, FaultPoint.Middle, FaultKind.Fail, int.MaxValue));
        try
        {
            await call.Act(host, _folder);
        }
        catch (NotSupportedException)
        {
            Assert.Skip($"the driver {host.Driver.Name} has no {call.Method} yet");
        }

        if (point != FaultPoint.Middle)
            return [0];
        var last = flaky.Steps - 1;
        Assert.True(last >= 0, $"{call.Method} takes no step that could be failed");
        var steps = Enumerable.Range(0, MostMiddles).Select(i => last * i / (MostMiddles - 1));
        return [.. steps.Distinct()];
    }

    /// <summary>Two bases with an instance each, and a disk that nobody committed.</summary>
    private async Task<string> PrepareAsync(string name, string raw)
    {
        var root = _folder.File(name);
        using var host = Open(root);
        await host.CommitAsync(
            await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB), s_kept.Value);
        var blank = await host.BlankAsync(MiB);
        await host.CommitAsync(blank, s_old.Value);
        await host.CloneAsync(blank, "half");
        return root;
    }

    private DriverHost OpenFlaky(string root, out FlakyVolumeDriver flaky)
    {
        FlakyVolumeDriver? made = null;
        var host = Open(root, files: new StoreFiles((_, _) => made?.Step()));
        flaky = made = new FlakyVolumeDriver(host.Driver);
        return host with { Driver = flaky };
    }

    /// <param name="root">The store.</param>
    /// <param name="raw">What the instance that is never touched reads as.</param>
    /// <param name="done">The call that was acknowledged; null: the one before went wrong.</param>
    private async Task CheckAfterAsync(string root, string raw, FlakyCall? done)
    {
        using var host = Open(root);
        var found = await host.Driver.ListAsync(default);
        var kept = Assert.Single(found.Disks[s_kept]);
        await TestTool.RunAsync(
            "qemu-img", "compare", "-f", "raw", "-F", kept.Format, raw, kept.Path);
        foreach (var disk in found.Disks.Values.SelectMany(d => d))
            await CheckCleanAsync(disk);
        Assert.Equal(found.Bases.Count + found.Disks.Count, host.Leftovers().Length);
        var records = await host.Store.ListInstancesAsync(default);
        Assert.Equal(found.Disks.Count, records.Count);
        if (done is not null)
            Assert.Equal((done.Bases, done.Disks), (found.Bases.Count, found.Disks.Count));
    }

    private static async Task GrowAsync(DriverHost host)
    {
        var records = await host.Store.ListInstancesAsync(default);
        var record = records.Single(r => r.Id == s_old);
        var grow = new DiskChange.Grow(2 * MiB);
        var disk = await host.Driver.ChangeDiskAsync(
            new DiskChangeRequest(s_old, Assert.Single(record.Disks), grow), null, default);
        Assert.Equal(2 * MiB, disk.VirtualSizeBytes);
        await host.Store.SaveInstanceAsync(record with { Disks = [disk] }, default);
    }

    /// <param name="Name">The method, and what of it.</param>
    /// <param name="Bases">How many there are when it has succeeded.</param>
    /// <param name="Disks">How many instances have theirs when it has succeeded.</param>
    /// <param name="Act">Does it, with what belongs to it.</param>
    private sealed record FlakyCall(
        string Name, int Bases, int Disks, Func<DriverHost, TempFolder, Task> Act)
    {
        public string Method => Name.Split(' ')[0];
    }
}

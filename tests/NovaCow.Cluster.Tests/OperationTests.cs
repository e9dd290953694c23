using System.Diagnostics;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>Disks that change on a real host, which is killed in the middle; what a guest reads
/// never changes.</summary>
public sealed class OperationTests : IAsyncLifetime
{
    private const int DiskBytes = 64 << 20;

    /// <summary>Slow enough for a host to be killed in the middle: a flatten of the image takes
    /// some quarter of a minute.</summary>
    private const string Slowly = "novacow.host.change-rate=4MiB";

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(150);
    private readonly TestCluster _cluster = new();
    private ImageServer _images = null!;

    public async ValueTask InitializeAsync()
    {
        _images = await ImageServer.StartAsync(_cluster.Folder, DiskBytes);
        await _cluster.StartControlAsync();
        await _cluster.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "disk", Source = _images.Url.ToString() }, default);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _images.DisposeAsync();
    }

    [Fact]
    public async Task A_disk_grows_is_flattened_rebased_and_migrated_and_reads_the_same_throughout()
    {
        await _cluster.StartHostAsync("host-1");
        var disk = await LaunchAndWriteAsync();
        var expected = Path.Combine(_cluster.Folder, "expected.raw");
        await QemuAsync("qemu-img", "convert", "-f", "qcow2", "-O", "raw", disk, expected);

        Done(await _cluster.Client.ResizeInstanceAsync(
            "vm-1", new ResizeRequest { RootBytes = 2L << 30 }, Wait, default));
        await QemuAsync("qemu-img", "resize", "-f", "raw", expected, $"{2L << 30}");
        await ReadsAsync(disk, expected);

        var flat = Done(await _cluster.Client.FlattenInstanceAsync("vm-1", Wait, default));
        Assert.Null(flat.Disks[0].BackingFile);
        await ReadsAsync(disk, expected);

        // The same disk, registered again in another format.
        var raw = Path.Combine(_cluster.Folder, "source.raw");
        await _cluster.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "anew", Source = raw }, default);
        var rebased = Done(await _cluster.Client.RebaseInstanceAsync(
            "vm-1", new RebaseRequest { Image = "anew" }, Wait, default));
        var image = await _cluster.Client.GetImageAsync("anew", default);
        Assert.Equal(image.Digest.Replace(':', '-'), rebased.Disks[0].BackingFile);
        await ReadsAsync(disk, expected);

        Done(await _cluster.Client.FlattenInstanceAsync("vm-1", Wait, default));
        var migrated = Done(await _cluster.Client.MigrateInstanceAsync(
            "vm-1", new MigrateRequest { Driver = "qcow2" }, Wait, default));
        Assert.Equal(rebased.Disks[0].BackingFile, migrated.Disks[0].BackingFile);
        Assert.True(migrated.Operation!.BytesAfter < migrated.Operation.BytesBefore);
        await ReadsAsync(disk, expected);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
    }

    [Fact]
    public async Task A_host_killed_in_the_middle_of_a_flatten_finishes_it_when_it_returns()
    {
        await _cluster.StartHostAsync("host-1", Slowly);
        var disk = await LaunchAndWriteAsync();
        var expected = Path.Combine(_cluster.Folder, "expected.raw");
        await QemuAsync("qemu-img", "convert", "-f", "qcow2", "-O", "raw", disk, expected);

        var accepted = await _cluster.Client.FlattenInstanceAsync("vm-1", null, default);
        Assert.Equal("running", accepted.Operation!.State);
        await UntilAsync(o => o.DoneBytes > 0);
        await _cluster.Node("host-1").KillAsync();
        var meanwhile = await _cluster.Client.GetInstanceAsync("vm-1", default);
        Assert.Equal("running", meanwhile.Operation!.State);
        await _cluster.StartHostAsync("host-1");
        await UntilAsync(o => o.State == "done");

        var flat = await _cluster.Client.GetInstanceAsync("vm-1", default);
        Assert.Null(flat.Disks[0].BackingFile);
        await ReadsAsync(disk, expected);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
        await UntilNoBaseHasClonesAsync();
    }

    [Fact]
    public async Task A_cancelled_flatten_leaves_the_clone_as_it_was()
    {
        await _cluster.StartHostAsync("host-1", Slowly);
        var disk = await LaunchAndWriteAsync();
        await _cluster.Client.FlattenInstanceAsync("vm-1", null, default);
        await UntilAsync(o => o.DoneBytes > 0);
        var cancelled = await _cluster.Client.CancelOperationAsync("vm-1", Wait, default);
        Assert.Equal("cancelled", cancelled.Operation!.State);
        Assert.NotNull(cancelled.Disks[0].BackingFile);
        await QemuAsync("qemu-img", "check", "-f", "qcow2", disk);
    }

    private async Task<string> LaunchAndWriteAsync()
    {
        var launched = await _cluster.LaunchAsync("vm", 1, Wait);
        var disk = Assert.Single(launched).Disks[0].Path;
        await QemuAsync(
            "qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 3M", "-c", "write -z 20M 64k", disk);
        return disk;
    }

    private static InstanceResource Done(InstanceResource instance)
    {
        Assert.True(
            instance.Operation!.State == "done",
            $"{instance.Operation.Detail}: {instance.Operation.State}: {instance.Operation.Error}");
        return instance;
    }

    private Task UntilAsync(Func<OperationResource, bool> condition) => Eventually.TrueAsync(
        "the operation comes that far",
        async () => condition(
            (await _cluster.Client.GetInstanceAsync("vm-1", default)).Operation!),
        _cluster.Logs);

    private Task UntilNoBaseHasClonesAsync() => Eventually.TrueAsync(
        "no base has clones",
        async () => (await _cluster.Client.ListBasesAsync(default)).Items.All(b => b.Clones == 0),
        _cluster.Logs);

    private static async Task ReadsAsync(string disk, string expected)
    {
        await QemuAsync("qemu-img", "check", "-f", "qcow2", disk);
        await QemuAsync("qemu-img", "compare", "-f", "qcow2", "-F", "raw", disk, expected);
    }

    private static async Task QemuAsync(string tool, params string[] args)
    {
        var start = new ProcessStartInfo(tool, args)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{tool} {string.Join(' ', args)}: {output}");
    }
}

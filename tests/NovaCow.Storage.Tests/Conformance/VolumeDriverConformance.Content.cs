using System.Text.Json;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What guests see, and what becomes of what they write.</summary>
public abstract partial class VolumeDriverConformance
{
    [Fact]
    public async Task A_clone_reads_as_its_base_and_beyond_it_as_zeros()
    {
        TestTool.Need("qemu-img");
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"));
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        var disk = await host.CloneAsync(volume, "vm-1", bytes: 1 << 30);

        // Comparison without -s takes what is missing in the shorter for zeros.
        await TestTool.RunAsync(
            "qemu-img", "compare", "-f", "raw", "-F", disk.Format, raw, disk.Path);
        await CheckCleanAsync(disk);
    }

    [Fact]
    public async Task What_a_guest_writes_shows_in_no_other_clone_and_not_in_the_base()
    {
        TestTool.Need("qemu-img", "qemu-io");
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"));
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        var written = await host.CloneAsync(volume, "vm-1", bytes: 64 * MiB);
        var other = await host.CloneAsync(volume, "vm-2", bytes: 64 * MiB);
        await WriteAsync(written, 0xAB, at: 64 << 10, bytes: 4096);
        await WriteAsync(written, 0xCD, at: 60 * MiB, bytes: 128 << 10);

        await VerifyAsync(written, 0xAB, at: 64 << 10, bytes: 4096);
        await VerifyAsync(written, 0xCD, at: 60 * MiB, bytes: 128 << 10);
        await TestTool.RunAsync(
            "qemu-img", "compare", "-f", "raw", "-F", other.Format, raw, other.Path);
        Assert.Equal(TestImages.DigestOf(raw), TestImages.DigestOf(BaseFile(host, volume)));
        await CheckCleanAsync(written);
        await CheckCleanAsync(other);
    }

    [Fact]
    public async Task Sixty_four_clones_at_once_are_all_clean_and_listed()
    {
        TestTool.Need("qemu-img");
        var host = Start();
        var volume = await host.BlankAsync(16 * MiB);
        var disks = await Task.WhenAll(
            Enumerable.Range(0, AtOnce).Select(i => host.CommitAsync(volume, $"vm-{i}")));
        foreach (var disk in disks)
            await CheckCleanAsync(disk);

        var found = await Restart(host).Driver.ListAsync(default);
        Assert.Equal(volume, Assert.Single(found.Bases));
        Assert.Equal(AtOnce, found.Disks.Count);
        Assert.Equal(
            disks.OrderBy(d => d.Path, StringComparer.Ordinal),
            found.Disks.Values.SelectMany(d => d).OrderBy(d => d.Path, StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_store_that_was_moved_still_serves_its_disks()
    {
        TestTool.Need("qemu-img");
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"));
        await host.CommitAsync(await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB), "vm-1");
        host.Dispose();
        Directory.Move(_folder.File("store"), _folder.File("moved"));

        using var moved = Open(_folder.File("moved"));
        var found = await moved.Driver.ListAsync(default);
        var disk = Assert.Single(found.Disks[InstanceId.Parse("vm-1")]);
        var record = Assert.Single(await moved.Store.ListInstancesAsync(default));
        Assert.Equal(disk.Path, Assert.Single(record.Disks).Path);
        await TestTool.RunAsync(
            "qemu-img", "compare", "-f", "raw", "-F", disk.Format, raw, disk.Path);
    }

    private static Task WriteAsync(InstanceDisk disk, byte value, long at, long bytes) =>
        TestTool.RunAsync(
            "qemu-io", "-f", disk.Format, "-c", $"write -P {value} {at} {bytes}", disk.Path);

    private static async Task VerifyAsync(InstanceDisk disk, byte value, long at, long bytes)
    {
        var said = await TestTool.RunAsync(
            "qemu-io", "-f", disk.Format, "-c", $"read -P {value} {at} {bytes}", disk.Path);
        Assert.DoesNotContain("verification failed", said, StringComparison.Ordinal);
    }

    private static async Task<long> SizeByQemuAsync(InstanceDisk disk)
    {
        var said = await TestTool.RunAsync(
            "qemu-img", "info", "-f", disk.Format, "--output=json", disk.Path);
        return JsonDocument.Parse(said).RootElement.GetProperty("virtual-size").GetInt64();
    }

    private static async Task CheckCleanAsync(InstanceDisk disk)
    {
        if (disk.Format == "raw")
            return;
        await TestTool.RunAsync("qemu-img", "check", "-q", "-f", disk.Format, disk.Path);
    }
}

using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>Disks of another system become clones of our bases, byte for byte.</summary>
public sealed class AdoptedDiskTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private readonly TempFolder _folder = new();
    private readonly NovaFolder _nova;
    private readonly DriverHost _host;

    public AdoptedDiskTests()
    {
        _nova = new NovaFolder(_folder.File("instances"));
        var store = HostStore.Open(_folder.File("store"));
        _host = new DriverHost(store, new Qcow2VolumeDriver(store, new ImageInspector()));
    }

    private string Disk => $"{_nova.Root}/{NovaFolder.First}/disk";

    public void Dispose()
    {
        _host.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_overlay_becomes_a_clone_that_reads_the_same_and_keeps_only_what_differs()
    {
        TestTool.Need("qemu-img", "qemu-io");
        await _nova.MakeAsync();
        await TestTool.RunAsync(
            "qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 256k", "-c", "write -z 3M 64k",
            "-c", "write -P 9 40M 64k", Disk);
        var before = TestImages.DigestOf(Disk);
        var adopted = await AdoptAsync("qcow2", _nova.Base, 64 * MiB);

        await TestTool.RunAsync("qemu-img", "check", "-q", "-f", "qcow2", adopted.Path);
        await TestTool.RunAsync(
            "qemu-img", "compare", "-s", "-f", "qcow2", "-F", "qcow2", Disk, adopted.Path);
        Assert.InRange(adopted.AllocatedBytes, 320 << 10, 768 << 10);
        Assert.Equal(before, TestImages.DigestOf(Disk));
    }

    [Fact]
    public async Task A_full_copy_becomes_a_clone_and_gives_its_common_bytes_back()
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        File.Copy(_nova.Base, Disk, overwrite: true);
        await using (var file = File.OpenWrite(Disk))
        {
            file.Position = 2 * MiB;
            file.Write(new byte[4096].Select((_, i) => (byte)i).ToArray());
        }

        var adopted = await AdoptAsync("raw", null, 4 * MiB);
        await TestTool.RunAsync(
            "qemu-img", "compare", "-f", "raw", "-F", "qcow2", Disk, adopted.Path);
        Assert.InRange(adopted.AllocatedBytes, 1, 256 << 10);
    }

    [Fact]
    public async Task A_disk_that_is_in_use_is_refused_and_nothing_is_left()
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        await using var user = File.OpenWrite(Disk);
        var error = await Assert.ThrowsAsync<PortException>(
            () => AdoptAsync("qcow2", _nova.Base, 64 * MiB));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        Assert.Contains(Disk, error.Message);
        Assert.Single(_host.Leftovers());
    }

    [Fact]
    public async Task A_disk_that_became_a_link_since_it_was_looked_at_is_not_followed()
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        File.Move(Disk, _folder.File("secret"));
        File.CreateSymbolicLink(Disk, _folder.File("secret"));
        var error = await Assert.ThrowsAsync<PortException>(
            () => AdoptAsync("qcow2", _nova.Base, 64 * MiB));
        Assert.Contains("link", error.Message);
        Assert.Single(_host.Leftovers());
    }

    [Fact]
    public async Task Adopting_again_finds_the_disk()
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        var first = await AdoptAsync("qcow2", _nova.Base, 64 * MiB);
        File.Delete(Disk);
        Assert.Equal(first, await AdoptAsync("qcow2", _nova.Base, 64 * MiB));
    }

    private async Task<InstanceDisk> AdoptAsync(string format, string? backing, long bytes)
    {
        var volume = await _host.ImageAsync(_nova.Base, DiskFormat.Raw, 4 * MiB);
        var request = new CloneRequest(
            InstanceId.Parse(NovaFolder.First), DiskName.Root, volume.Key, bytes)
        {
            Contents = new ForeignDisk(DiskName.Root, Disk, format, backing, bytes, 0),
        };
        return (await _host.Driver.EnsureDiskAsync(request, null, default)).Value;
    }
}

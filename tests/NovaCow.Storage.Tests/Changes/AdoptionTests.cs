using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Disks that no store made become disks of instances.</summary>
public sealed class AdoptionTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private static readonly InstanceId s_instance = InstanceId.Parse("vm-1");
    private readonly ChangeLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    [InlineData(100)]
    public async Task A_raw_disk_becomes_an_overlay_of_what_differs(long odd)
    {
        var volume = await _lab.BaseAsync(4 * MiB, seed: 1);
        var path = _lab.NewFile();
        File.Copy(BaseFile(volume), path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (var file = File.OpenWrite(path))
        {
            file.SetLength((6 * MiB) + odd);
            file.Position = 2 * MiB;
            file.Write(new byte[100_000]);
        }

        var digest = TestImages.DigestOf(path);
        var made = await AdoptAsync(Foreign(path, "raw", (6 * MiB) + odd), volume.Key);
        Assert.Equal(volume.Key, made.BackingFile);
        Assert.Equal(RawFile.WholeSectors((6 * MiB) + odd), made.VirtualSizeBytes);
        Assert.InRange(made.AllocatedBytes, 1, 512 << 10);
        await ChangeLab.AssertReadsAsync(path, made);
        Assert.Equal(digest, TestImages.DigestOf(path));

        await _lab.Store.SaveInstanceAsync(TestImages.Record(s_instance, made), default);
        var found = await _lab.Driver(DriverName.Qcow2).ListAsync(default);
        Assert.Equal(made, Assert.Single(found.Disks[s_instance]));
    }

    [Fact]
    public async Task A_qcow2_disk_over_a_raw_file_becomes_an_overlay_or_a_copy()
    {
        TestTool.Need("qemu-img", "qemu-io");
        var volume = await _lab.BaseAsync(4 * MiB, seed: 1);
        var (path, basis) = (_lab.NewFile(), _lab.NewFile());
        File.Copy(BaseFile(volume), basis);
        await TestTool.RunAsync(
            "qemu-img", "create", "-q", "-f", "qcow2", "-b", basis, "-F", "raw", path, "6M");
        await TestTool.RunAsync("qemu-io", "-f", "qcow2", "-c", "write -P 9 5M 3k", path);
        var foreign = Foreign(path, "qcow2", 6 * MiB) with { BackingPath = basis };
        var disk = await AdoptAsync(foreign, volume.Key);
        await TestTool.RunAsync("qemu-img", "compare", path, disk.Path);
        Assert.InRange(disk.AllocatedBytes, 1, 512 << 10);

        var copy = await AdoptAsync(foreign, volume.Key, DriverName.Copy, "vm-2");
        Assert.Equal(DriverName.Copy, copy.Driver);
        await TestTool.RunAsync("qemu-img", "compare", "-F", "raw", path, copy.Path);

        var error = await Assert.ThrowsAsync<PortException>(
            () => AdoptAsync(foreign with { BackingPath = null }, volume.Key, instance: "vm-3"));
        Assert.Contains("lies over another file", error.Message);
    }

    [Fact]
    public async Task What_is_no_disk_or_of_another_format_or_size_is_refused_and_leaves_nothing()
    {
        var volume = await _lab.BaseAsync(4 * MiB, seed: 1);
        var path = TestImages.Raw(_lab.NewFile());
        await RefusedAsync(Foreign(path + "-gone", "raw"), "cannot be opened");
        await RefusedAsync(Foreign("/dev/null", "raw"), "no regular file");
        await RefusedAsync(Foreign(path, "vmdk"), "convert");
        await RefusedAsync(Foreign(path, "qcow2"), "no header of qcow2");
        await RefusedAsync(Foreign(path, "raw", 8 * MiB), "4194304");
        Assert.Empty(Directory.GetDirectories(Path.Combine(_lab.Store.Root, "instances")));

        async Task RefusedAsync(ForeignDisk foreign, string said)
        {
            var error = await Assert.ThrowsAsync<PortException>(
                () => AdoptAsync(foreign, volume.Key));
            Assert.Contains(said, error.Message);
        }
    }

    private static ForeignDisk Foreign(string path, string format, long bytes = 4 * MiB) =>
        new(DiskName.Root, path, format, null, RawFile.WholeSectors(bytes), 0);

    private async Task<InstanceDisk> AdoptAsync(
        ForeignDisk foreign, BaseKey volume, string driver = DriverName.Qcow2,
        string? instance = null)
    {
        var id = instance is null ? s_instance : InstanceId.Parse(instance);
        var request = new CloneRequest(id, DiskName.Root, volume, foreign.VirtualSizeBytes)
        {
            Contents = foreign,
        };
        return (await _lab.Driver(driver).EnsureDiskAsync(request, null, default)).Value;
    }

    private string BaseFile(BaseVolume volume) =>
        Path.Combine(_lab.Store.Root, "bases", volume.Key.Value, "base.raw");
}

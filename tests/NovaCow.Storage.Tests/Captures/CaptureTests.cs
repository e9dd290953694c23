using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Images made of disks: what a launch from one reads, what is kept, and what is refused.
/// </summary>
public sealed class CaptureTests(XfsFixture xfs) : IClassFixture<XfsFixture>, IDisposable
{
    private const long MiB = TestImages.MiB;
    private readonly CaptureLab _lab = new(xfs.Path);

    public static TheoryData<string> Drivers => [.. DiskChangeOnXfsTests.AllDrivers];

    public void Dispose() => _lab.Dispose();

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task An_instance_of_a_captured_image_reads_what_the_guest_wrote(string driver)
    {
        TestTool.Need("qemu-img", "qemu-io");
        var disk = await _lab.DiskAsync(driver);
        var expected = await _lab.Changes.ReadAsync(disk.Disk);
        var before = TestImages.DigestOf(disk.Disk.Path);
        var seen = new List<long>();
        var image = await _lab.CaptureAsync(disk, progress: new Seen(seen));

        Assert.Equal(
            $"peer+https://host-1.test:8774/v1/captures/{image.Digest}", image.Source.ToString());
        Assert.Equal((DiskFormat.Qcow2, 8 * MiB), (image.Format, image.VirtualSizeBytes));
        var file = _lab.FileOf(image);
        Assert.Equal(TestImages.DigestOf(file), image.Digest);
        Assert.Equal(new FileInfo(file).Length, image.SizeBytes);
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(file));
        Assert.Equal(8 * MiB, seen[^1]);
        Assert.Equal(before, TestImages.DigestOf(disk.Disk.Path));
        await TestTool.RunAsync("qemu-img", "check", "-q", "-f", "qcow2", file);
        await ChangeLab.AssertReadsAsync(
            expected, await _lab.LaunchAsync(driver, image, "vm-2"));
    }

    [Fact]
    public async Task A_copy_of_a_running_machines_disk_becomes_an_image_and_is_gone()
    {
        TestTool.Need("qemu-img", "qemu-io");
        var disk = await _lab.DiskAsync(DriverName.Qcow2);
        var expected = await _lab.Changes.ReadAsync(disk.Disk);
        var copy = _lab.Captures.IncomingCopy(disk.Instance);
        File.Copy(expected, copy);
        using var guest = File.OpenRead(disk.Disk.Path);
        var image = await _lab.CaptureAsync(disk, copy);
        Assert.False(File.Exists(copy));
        Assert.Equal(2, _lab.Files().Length);
        await ChangeLab.AssertReadsAsync(
            expected, await _lab.LaunchAsync(DriverName.Copy, image, "vm-2"));
    }

    [Fact]
    public async Task The_same_bytes_are_kept_once_and_removed_once()
    {
        TestTool.Need("qemu-io");
        var disk = await _lab.DiskAsync(DriverName.Qcow2);
        var first = await _lab.CaptureAsync(disk);
        Assert.Equal(first, await _lab.CaptureAsync(disk));
        Assert.Equal(2, _lab.Files().Length);
        await using (var stream = await _lab.Captures.OpenAsync(first.Digest, default))
            Assert.Equal(first.SizeBytes, stream!.Length);
        for (var again = 0; again < 2; again++)
            await _lab.Captures.RemoveAsync([first.Digest], default);
        Assert.Empty(_lab.Files());
        Assert.Null(await _lab.Captures.OpenAsync(first.Digest, default));
    }

    [Fact]
    public async Task A_disk_or_a_copy_in_use_is_refused_and_leaves_nothing()
    {
        TestTool.Need("qemu-img", "qemu-io");
        var disk = await _lab.DiskAsync(DriverName.Qcow2);
        using (File.OpenRead(disk.Disk.Path))
            Assert.Contains("in use", await RefusedAsync(disk));
        var copy = _lab.Captures.IncomingCopy(disk.Instance);
        File.Copy(await _lab.Changes.ReadAsync(disk.Disk), copy);
        using (File.OpenWrite(copy))
            Assert.Contains("in use", await RefusedAsync(disk, copy));
        Assert.Empty(_lab.Files());
    }

    [Fact]
    public async Task A_copy_elsewhere_a_link_and_one_of_another_size_are_refused()
    {
        TestTool.Need("qemu-img", "qemu-io");
        var disk = await _lab.DiskAsync(DriverName.Qcow2);
        var copy = _lab.Captures.IncomingCopy(disk.Instance);
        var elsewhere = await _lab.Changes.ReadAsync(disk.Disk);
        Assert.Contains(elsewhere, await RefusedAsync(disk, elsewhere));
        Assert.True(File.Exists(elsewhere));
        File.CreateSymbolicLink(copy, elsewhere);
        Assert.Contains(copy, await RefusedAsync(disk, copy));
        Assert.True(File.Exists(elsewhere));
        File.WriteAllBytes(copy, new byte[4 * MiB]);
        Assert.Contains($"{8 * MiB} bytes", await RefusedAsync(disk, copy));
        Assert.Empty(_lab.Files());
    }

    [Fact]
    public async Task A_capture_that_is_given_up_leaves_nothing()
    {
        TestTool.Need("qemu-io");
        var disk = await _lab.DiskAsync(DriverName.Copy);
        using var giveUp = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(() => _lab.CaptureAsync(
            disk, progress: new Once(giveUp.Cancel), token: giveUp.Token));
        Assert.Empty(_lab.Files());
    }

    [Fact]
    public async Task An_image_holds_no_zeros()
    {
        TestTool.Need("qemu-io");
        var volume = await _lab.Changes.BaseAsync(2 * MiB, seed: 1);
        var disk = await _lab.Changes.DiskAsync(DriverName.Copy, volume, "vm-1", 1L << 30);
        await TestTool.RunAsync(
            "qemu-io", "-f", "raw", "-c", "write -P 7 700M 1M", "-c", "write -P 0 800M 16M",
            disk.Disk.Path);
        var image = await _lab.CaptureAsync(disk);
        Assert.InRange(image.SizeBytes, MiB, 4 * MiB);
    }

    private async Task<string> RefusedAsync(DiskOf disk, string? copy = null)
    {
        var error = await Assert.ThrowsAsync<PortException>(() => _lab.CaptureAsync(disk, copy));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        return error.Message;
    }

    private sealed class Seen(List<long> seen) : IProgress<long>
    {
        public void Report(long value) => seen.Add(value);
    }

    private sealed class Once(Action act) : IProgress<long>
    {
        public void Report(long value) => act();
    }
}

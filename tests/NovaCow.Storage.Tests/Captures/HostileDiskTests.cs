using System.Text;
using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>
/// A guest that writes a qcow2 header which names a file of the host at the start of its own disk,
/// and waits for somebody to open that disk as what it looks like: nobody does, at any operation.
/// </summary>
public sealed class HostileDiskTests(XfsFixture xfs) : IClassFixture<XfsFixture>, IDisposable
{
    private const long MiB = TestImages.MiB;
    private const string Secret = "/etc/passwd";
    private static readonly byte[] s_secret = File.ReadAllBytes(Secret)[..16];

    private readonly CaptureLab _lab = new(xfs.Path);
    private BaseKey? _key;

    public static TheoryData<string> Drivers => [.. DiskChangeOnXfsTests.AllDrivers];

    public void Dispose() => _lab.Dispose();

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task It_stays_what_it_is_when_it_is_made_larger_flattened_and_rebased(string driver)
    {
        var (disk, expected) = await HostileDiskAsync(driver);
        var other = await _lab.Changes.BaseAsync(2 * MiB, seed: 7);
        disk = await ChangeAsync(driver, new DiskChange.Grow(16 * MiB));
        disk = await ChangeAsync(driver, new DiskChange.Flatten());
        if (driver != DriverName.Copy)
            disk = await ChangeAsync(driver, new DiskChange.Rebase(other.Key));
        disk = await ChangeAsync(DriverName.Qcow2, new DiskChange.Rebase(other.Key));
        disk = await ChangeAsync(DriverName.Reflink, new DiskChange.Rebase(other.Key));
        var found = await _lab.Changes.Driver(DriverName.Reflink).ListAsync(default);
        Assert.Equal(16 * MiB, Assert.Single(found.Disks[disk.Instance]).VirtualSizeBytes);

        async Task<DiskOf> ChangeAsync(string by, DiskChange change)
        {
            var changed = await _lab.Changes.ChangeAsync(by, disk, change);
            await ChangeLab.AssertReadsAsync(expected, changed);
            await _lab.Changes.Store.SaveInstanceAsync(
                TestImages.Record(disk.Instance, changed), default);
            await _lab.Changes.Driver(disk.Disk.Driver).DeleteDiskAsync(
                disk.Instance, DiskName.Root, default);
            return disk with { Disk = changed };
        }
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task It_leaves_nothing_of_itself_in_a_rebuilt_disk(string driver)
    {
        var (disk, _) = await HostileDiskAsync(driver);
        var other = await _lab.Changes.BaseAsync(2 * MiB, seed: 7);
        foreach (var to in DiskChangeOnXfsTests.AllDrivers)
        {
            var anew = await _lab.Changes.ChangeAsync(
                to, disk, new DiskChange.Rebuild(other.Key));
            await ChangeLab.AssertReadsAsync(
                _lab.Changes.Store.Layout.BaseData(other.Key), anew);
        }
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task No_image_is_made_of_it_whether_its_machine_runs_or_not(string driver)
    {
        var (disk, expected) = await HostileDiskAsync(driver);
        var copy = _lab.Captures.IncomingCopy(disk.Instance);
        File.Copy(expected, copy);
        foreach (var from in (string?[])[null, copy])
        {
            var error = await Assert.ThrowsAsync<PortException>(
                () => _lab.CaptureAsync(disk, from));
            Assert.Equal(LaunchErrorCode.UnsafeImage, error.Error.Code);
            Assert.False(error.Error.IsRetryable);
            Assert.Contains("backing file", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(_lab.Files());
        await ChangeLab.AssertReadsAsync(expected, disk.Disk);
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task A_nested_image_without_a_backing_file_is_not_made_an_image_of_either(
        string driver)
    {
        var (disk, _) = await HostileDiskAsync(driver, backing: null);
        var error = await Assert.ThrowsAsync<PortException>(() => _lab.CaptureAsync(disk));
        Assert.Equal(LaunchErrorCode.UnsafeImage, error.Error.Code);
        Assert.Empty(_lab.Files());
    }

    [Theory]
    [MemberData(nameof(Drivers))]
    public async Task It_moves_to_another_host_as_the_bytes_that_it_is(string driver)
    {
        var (disk, expected) = await HostileDiskAsync(driver);
        using var sent = new MemoryStream();
        await _lab.Changes.Driver(driver).ExportAsync(disk.Instance, disk.Disk, sent, default);
        var wire = sent.ToArray();
        Assert.Equal(-1, wire.AsSpan().IndexOf(s_secret));

        using var to = new ChangeLab(xfs.Path, transfers: new Wire(wire));
        await to.BaseAsync((2 * MiB) + 512, seed: 1);
        var request = new CloneRequest(
            disk.Instance, DiskName.Root, _key!, disk.Disk.VirtualSizeBytes)
        {
            Transfer = new TransferredDisk(
                new TransferSource("https://other", "token"),
                IsOverBase: disk.Disk.BackingFile is not null),
        };
        var arrived = await to.Driver(driver).EnsureDiskAsync(request, null, default);
        await ChangeLab.AssertReadsAsync(expected, arrived.Value);
    }

    [Fact]
    public async Task Its_bytes_are_no_base_of_another_instance()
    {
        var (_, expected) = await HostileDiskAsync(DriverName.Copy);
        foreach (var format in (DiskFormat[])[DiskFormat.Raw, DiskFormat.Qcow2])
        {
            var error = await Assert.ThrowsAsync<PortException>(
                () => _lab.Changes.Host(DriverName.Copy).ImageAsync(expected, format, 8 * MiB));
            Assert.Equal(LaunchErrorCode.UnsafeImage, error.Error.Code);
        }
    }

    /// <summary>A disk at whose start the guest has written such a header, and what it reads.
    /// </summary>
    private async Task<(DiskOf Disk, string Expected)> HostileDiskAsync(
        string driver, string? backing = Secret)
    {
        TestTool.Need("qemu-img", "qemu-io");
        var disk = await _lab.DiskAsync(driver);
        _key = disk.Disk.BackingFile
            ?? (await _lab.Changes.BaseAsync((2 * MiB) + 512, seed: 1)).Key;
        var header = _lab.Changes.NewFile();
        string[] over = backing is null ? [] : ["-b", backing, "-F", "raw"];
        await TestTool.RunAsync(
            "qemu-img", ["create", "-q", "-f", "qcow2", .. over, header, "8M"]);
        Assert.Equal(
            backing is not null,
            File.ReadAllText(header, Encoding.Latin1).Contains(Secret, StringComparison.Ordinal));
        var bytes = (new FileInfo(header).Length + 511) / 512 * 512;
        await TestTool.RunAsync(
            "qemu-io", "-f", disk.Disk.Format, "-c", $"write -s {header} 0 {bytes}",
            disk.Disk.Path);
        return (disk, await _lab.Changes.ReadAsync(disk.Disk));
    }

    private sealed class Wire(byte[] sent) : ITransferClient
    {
        public Task<Stream> OpenAsync(
            TransferSource source, DiskName disk, CancellationToken cancellationToken) =>
            Task.FromResult<Stream>(new MemoryStream(sent));
    }
}

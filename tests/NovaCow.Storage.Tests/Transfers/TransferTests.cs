using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Disks that go from one store to another: what a guest reads is the same there, and
/// takes no more room.</summary>
public sealed class TransferTests(XfsFixture xfs) : IClassFixture<XfsFixture>, IDisposable
{
    private const long MiB = TestImages.MiB;
    private const string Vm = "vm-1";

    private readonly Wire _wire = new();
    private readonly List<ChangeLab> _labs = [];

    public void Dispose()
    {
        foreach (var lab in _labs)
            lab.Dispose();
    }

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var driver in (string[])[DriverName.Qcow2, DriverName.Reflink, DriverName.Copy])
        {
            for (var seed = 1; seed <= 3; seed++)
                cases.Add(driver, seed);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task What_a_guest_wrote_reads_the_same_elsewhere(string driver, int seed)
    {
        TestTool.Need("qemu-img", "qemu-io");
        var (from, to) = (Lab(), Lab());
        var volume = await from.BaseAsync(24 * MiB, seed);
        var disk = await from.DiskAsync(driver, volume, Vm, 64 * MiB);
        await ChangeLab.WriteAsync(disk.Disk, seed);
        var expected = await from.ReadAsync(disk.Disk);

        await SendAsync(from, disk);
        await to.BaseAsync(24 * MiB, seed);
        var arrived = await to.Driver(driver).EnsureDiskAsync(Request(disk), null, default);
        Assert.True(arrived.Created);
        Assert.Equal(disk.Disk.BackingFile, arrived.Value.BackingFile);
        await ChangeLab.AssertReadsAsync(expected, arrived.Value);
        await ChangeLab.AssertReadsAsync(expected, disk.Disk);

        // It is there: asked again, nothing is fetched.
        _wire.Sent.Clear();
        var again = await to.Driver(driver).EnsureDiskAsync(Request(disk), null, default);
        Assert.False(again.Created);
    }

    [Theory]
    [InlineData(DriverName.Qcow2)]
    [InlineData(DriverName.Reflink)]
    public async Task Of_a_clone_only_what_differs_from_its_base_is_sent_and_stored(string driver)
    {
        TestTool.Need("qemu-io");
        var (from, to) = (Lab(), Lab());
        var volume = await from.BaseAsync(24 * MiB, 1);
        var disk = await from.DiskAsync(driver, volume, Vm, 1L << 30);
        await TestTool.RunAsync(
            "qemu-io", "-f", disk.Disk.Format, "-c", "write -P 9 700M 1M", disk.Disk.Path);
        await SendAsync(from, disk);
        Assert.InRange(_wire.Sent[^1].Length, MiB, MiB + (128 << 10));

        await to.BaseAsync(24 * MiB, 1);
        await to.Driver(driver).EnsureDiskAsync(Request(disk), null, default);
        await to.Store.SaveInstanceAsync(TestImages.Record(disk.Instance), default);
        var usage = await to.Driver(driver).MeasureAsync(default);
        Assert.InRange(Assert.Single(usage.Disks).UniqueBytes, MiB, MiB + (1 << 20));
    }

    [Fact]
    public async Task Holes_of_a_full_copy_stay_holes()
    {
        TestTool.Need("qemu-io");
        var (from, to) = (Lab(), Lab());
        var volume = await from.BaseAsync(4 * MiB, 1);
        var disk = await from.DiskAsync(DriverName.Copy, volume, Vm, 1L << 30);
        await SendAsync(from, disk);
        await to.BaseAsync(4 * MiB, 1);
        var arrived = (await to.Driver(DriverName.Copy).EnsureDiskAsync(
            Request(disk), null, default)).Value;
        Assert.Equal(1L << 30, arrived.VirtualSizeBytes);
        Assert.InRange(arrived.AllocatedBytes, 0, 5 * MiB);
    }

    [Fact]
    public async Task A_flattened_disk_arrives_owning_its_bytes()
    {
        TestTool.Need("qemu-img", "qemu-io");
        var (from, to) = (Lab(), Lab());
        var volume = await from.BaseAsync(8 * MiB, 1);
        var disk = await from.DiskAsync(DriverName.Qcow2, volume, Vm, 32 * MiB);
        await ChangeLab.WriteAsync(disk.Disk, 4);
        var flat = disk with
        {
            Disk = await from.ChangeAsync(DriverName.Qcow2, disk, new DiskChange.Flatten()),
        };
        var expected = await from.ReadAsync(flat.Disk);
        await SendAsync(from, flat);

        await to.BaseAsync(8 * MiB, 1);
        var arrived = await to.Driver(DriverName.Qcow2).EnsureDiskAsync(
            Request(flat) with { Base = volume.Key }, null, default);
        Assert.Null(arrived.Value.BackingFile);
        await ChangeLab.AssertReadsAsync(expected, arrived.Value);
    }

    [Fact]
    public async Task Local_storage_reads_the_same_over_a_blank_base_that_was_formatted_otherwise()
    {
        TestTool.Need("qemu-img", "qemu-io", "mke2fs");
        var (from, to) = (Lab(), Lab());
        var volume = await from.Host(DriverName.Qcow2).BlankAsync(64 * MiB, BlankFileSystem.Ext4);
        var disk = await from.DiskAsync(DriverName.Qcow2, volume, Vm, 64 * MiB);
        await ChangeLab.WriteAsync(disk.Disk, 5);
        var expected = await from.ReadAsync(disk.Disk);
        await SendAsync(from, disk);

        await to.Host(DriverName.Qcow2).BlankAsync(64 * MiB, BlankFileSystem.Ext4);
        var other = to.Store.Layout.BaseData(volume.Key);
        await using (var file = File.OpenWrite(other))
        {
            foreach (var at in (long[])[0, 5 * MiB, 33 * MiB, (64 * MiB) - 4096])
            {
                file.Position = at;
                await file.WriteAsync(TestImages.Bytes(4096, (int)at));
            }
        }

        var arrived = await to.Driver(DriverName.Qcow2).EnsureDiskAsync(
            Request(disk), null, default);
        Assert.Equal(volume.Key, arrived.Value.BackingFile);
        await ChangeLab.AssertReadsAsync(expected, arrived.Value);
    }

    [Fact]
    public async Task A_transfer_that_broke_off_begins_again()
    {
        TestTool.Need("qemu-img", "qemu-io");
        var (from, to) = (Lab(), Lab());
        var disk = await WrittenAsync(from, to);
        var expected = await from.ReadAsync(disk.Disk);
        await SendAsync(from, disk);
        _wire.Sent.Insert(0, _wire.Sent[0][..^1]);
        var arrived = await to.Driver(DriverName.Qcow2).EnsureDiskAsync(
            Request(disk), null, default);
        await ChangeLab.AssertReadsAsync(expected, arrived.Value);
    }

    [Fact]
    public async Task What_is_not_what_was_sent_is_refused_and_leaves_nothing()
    {
        TestTool.Need("qemu-io");
        var (from, to) = (Lab(), Lab());
        var disk = await WrittenAsync(from, to);
        await SendAsync(from, disk);
        _wire.Sent[0][^40] ^= 1;
        var refused = await Assert.ThrowsAsync<PortException>(
            () => to.Driver(DriverName.Qcow2).EnsureDiskAsync(Request(disk), null, default));
        Assert.Equal(LaunchErrorCode.VolumeDriver, refused.Error.Code);
        Assert.Contains("3 tries", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(to.Store.Layout.Instances));
    }

    [Fact]
    public async Task Giving_up_in_the_middle_leaves_nothing()
    {
        TestTool.Need("qemu-io");
        var (from, to) = (Lab(), Lab());
        var disk = await WrittenAsync(from, to);
        await SendAsync(from, disk);
        using var cancel = new CancellationTokenSource();
        var progress = new Now(_ => cancel.Cancel());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => to.Driver(DriverName.Qcow2).EnsureDiskAsync(
                Request(disk), progress, cancel.Token));
        Assert.Empty(Directory.GetFileSystemEntries(to.Store.Layout.Instances));
    }

    [Fact]
    public async Task A_disk_that_somebody_has_open_is_not_sent()
    {
        TestTool.Need("qemu-io");
        var from = Lab();
        var disk = await WrittenAsync(from, Lab());
        await using var open = File.Open(
            disk.Disk.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var refused = await Assert.ThrowsAsync<PortException>(() => SendAsync(from, disk));
        Assert.Equal(LaunchErrorCode.InvalidRequest, refused.Error.Code);
        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
    }

    private async Task<DiskOf> WrittenAsync(ChangeLab from, ChangeLab to)
    {
        var volume = await from.BaseAsync(8 * MiB, 1);
        var disk = await from.DiskAsync(DriverName.Qcow2, volume, Vm, 32 * MiB);
        await ChangeLab.WriteAsync(disk.Disk, 3);
        await to.BaseAsync(8 * MiB, 1);
        return disk;
    }

    private ChangeLab Lab()
    {
        var lab = new ChangeLab(xfs.Path, transfers: _wire);
        _labs.Add(lab);
        return lab;
    }

    private async Task SendAsync(ChangeLab from, DiskOf disk)
    {
        using var bytes = new MemoryStream();
        await from.Driver(disk.Disk.Driver).ExportAsync(
            disk.Instance, disk.Disk, bytes, default);
        _wire.Sent.Add(bytes.ToArray());
    }

    private static CloneRequest Request(DiskOf disk) => new(
        disk.Instance,
        disk.Disk.Name,
        disk.Disk.BackingFile ?? TestImages.Blank(512).Key(),
        disk.Disk.VirtualSizeBytes)
    {
        Transfer = new TransferredDisk(
            new TransferSource("http://there/", "token"), disk.Disk.BackingFile is not null),
    };

    /// <summary>What was sent, in order; the last is sent again and again.</summary>
    private sealed class Wire : ITransferClient
    {
        private int _next;

        public List<byte[]> Sent { get; } = [];

        public Task<Stream> OpenAsync(
            TransferSource source, DiskName disk, CancellationToken cancellationToken) =>
            Task.FromResult<Stream>(
                new MemoryStream(Sent[Math.Min(_next++, Sent.Count - 1)]));
    }

    private sealed class Now(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}

using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>
/// What every driver of files promises, on a real file system with the real tools: a driver's own
/// tests are a subclass that makes it.
/// </summary>
public abstract partial class VolumeDriverConformance : IDisposable
{
    private protected const long MiB = TestImages.MiB;
    private protected readonly TempFolder _folder;
    private readonly List<DriverHost> _hosts = [];

    /// <param name="home">Where its stores are; else the temporary directory.</param>
    private protected VolumeDriverConformance(string? home = null) => _folder = new(home);

    /// <summary>Makes the driver on a store.</summary>
    private protected abstract IVolumeDriver Create(HostStore store, IImageInspector inspector);

    /// <summary>What a small disk is made with, that is then filled up.</summary>
    private protected virtual LoopFileSystem SmallFileSystem => LoopFileSystem.Ext4;

    /// <summary>The largest disk that the file system at home can hold.</summary>
    private protected virtual long LargestDiskBytes => long.MaxValue;

    /// <summary>How many clones are made at once.</summary>
    private protected virtual int AtOnce => 64;

    public virtual void Dispose()
    {
        foreach (var host in _hosts)
            host.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_image_becomes_a_read_only_base_with_its_bytes()
    {
        TestTool.Need("qemu-img");
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"));
        var image = await TestImages.ConvertAsync(raw, "qcow2");
        var volume = await host.ImageAsync(image, DiskFormat.Qcow2, 4 * MiB);

        var file = BaseFile(host, volume);
        Assert.Equal(TestImages.DigestOf(raw), TestImages.DigestOf(file));
        AssertReadOnly(host, volume);
        Assert.Equal(4 * MiB, volume.VirtualSizeBytes);
        Assert.InRange(volume.AllocatedBytes, MiB, 3 * MiB);
    }

    [Theory]
    [InlineData("vmdk", DiskFormat.Vmdk)]
    [InlineData("vhdx", DiskFormat.Vhdx)]
    [InlineData("vdi", DiskFormat.Vdi)]
    [InlineData("vpc", DiskFormat.Vhd, "-o", "force_size=on")]
    public async Task Every_accepted_format_becomes_the_same_base(
        string name, DiskFormat format, params string[] options)
    {
        TestTool.Need("qemu-img");
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"));
        var image = await TestImages.ConvertAsync(raw, name, options);
        var volume = await host.ImageAsync(image, format, 4 * MiB);
        Assert.Equal(TestImages.DigestOf(raw), TestImages.DigestOf(BaseFile(host, volume)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_raw_image_is_taken_as_it_is(bool isDownload)
    {
        var host = Start();
        var path = TestImages.Raw(_folder.File("disk"));
        var image = TestImages.Describe(path, DiskFormat.Raw, 4 * MiB);
        var given = isDownload ? host.Store.IncomingPath(image.BaseKey()) : path;
        if (isDownload)
            File.Copy(path, given);
        var content = new BaseContent.OfImage(image);
        var made = await host.Driver.EnsureBaseAsync(content, given, null, default);
        await host.Store.DiscardIncomingAsync(image.BaseKey(), default);

        Assert.True(made.Created);
        Assert.Equal(image.Digest, TestImages.DigestOf(BaseFile(host, made.Value)));
        AssertReadOnly(host, made.Value);
        Assert.NotEqual(UnixFileMode.UserRead, File.GetUnixFileMode(path));
        Assert.Single(host.Leftovers());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_raw_image_takes_no_room_for_its_zeros(bool isDownload)
    {
        var host = Start();
        var path = _folder.File("disk");
        var bytes = new byte[24 * MiB];
        bytes.AsSpan(0, 512).Fill(1);
        bytes.AsSpan(11 << 20, 512).Fill(2);
        await File.WriteAllBytesAsync(path, bytes);
        var image = TestImages.Describe(path, DiskFormat.Raw, bytes.Length);
        var given = isDownload ? host.Store.IncomingPath(image.BaseKey()) : path;
        if (isDownload)
            File.Move(path, given);
        var content = new BaseContent.OfImage(image);
        var made = (await host.Driver.EnsureBaseAsync(content, given, null, default)).Value;
        Assert.InRange(made.AllocatedBytes, 1, 3 * MiB);
        Assert.Equal(image.Digest, TestImages.DigestOf(BaseFile(host, made)));
        Assert.InRange(RawFile.CountExtents(host.Store.Files, BaseFile(host, made)) ?? 2, 1, 4);
    }

    [Fact]
    public async Task A_raw_image_is_filled_up_to_whole_sectors()
    {
        var host = Start();
        var path = TestImages.Raw(_folder.File("disk"), MiB + 100);
        var volume = await host.ImageAsync(path, DiskFormat.Raw, MiB + 100);
        Assert.Equal(MiB + 512, volume.VirtualSizeBytes);
        using var file = BlockDevice.OpenToRead(BaseFile(host, volume));
        Assert.Equal(WholeSize(MiB + 512), BlockDevice.Length(file));
    }

    [Fact]
    public async Task Making_a_base_again_finds_it()
    {
        var host = Start();
        var content = TestImages.Blank(MiB);
        var first = await host.Driver.EnsureBaseAsync(content, null, null, default);
        var again = await host.Driver.EnsureBaseAsync(content, null, null, default);
        Assert.True(first.Created);
        Assert.False(again.Created);
        Assert.Equal(first.Value, again.Value);
    }

    [Fact]
    public async Task Making_a_disk_again_finds_it_and_another_size_fails()
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        var request = DriverHost.Request(volume, "vm-1");
        var first = await host.Driver.EnsureDiskAsync(request, null, default);
        var again = await host.Driver.EnsureDiskAsync(request, null, default);
        Assert.True(first.Created);
        Assert.False(again.Created);
        Assert.Equal(first.Value, again.Value);

        var larger = request with { VirtualSizeBytes = 2 * MiB };
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.Driver.EnsureDiskAsync(larger, null, default));
        Assert.Equal(LaunchErrorCode.VolumeDriver, error.Error.Code);
        Assert.Contains("vm-1", error.Message);
    }

    [Theory]
    [InlineData(MiB, MiB)]
    [InlineData(MiB, 10 << 20)]
    [InlineData(10L << 30, 10L << 30)]
    [InlineData(MiB, 1L << 40)]
    [InlineData(1L << 40, 1L << 40)]
    [InlineData(MiB, 20L << 40)]
    public async Task A_clone_has_its_size_and_is_clean_at_any_size(long baseBytes, long diskBytes)
    {
        TestTool.Need("qemu-img");
        var host = Start();
        var volume = await host.BlankAsync(baseBytes);
        if (diskBytes > LargestDiskBytes)
        {
            var error = await Assert.ThrowsAsync<PortException>(
                () => host.CloneAsync(volume, "vm-1", bytes: diskBytes));
            Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
            Assert.Single(host.Leftovers());
            return;
        }

        var disk = await host.CloneAsync(volume, "vm-1", bytes: diskBytes);
        Assert.Equal(diskBytes, disk.VirtualSizeBytes);
        Assert.InRange(disk.AllocatedBytes, 0, 64 << 10);
        Assert.Equal(diskBytes, await SizeByQemuAsync(disk));
        await CheckCleanAsync(disk);
    }

    [Theory]
    [InlineData(2 * MiB)]
    [InlineData((8 * MiB) + 1)]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    public async Task A_size_below_the_base_or_odd_is_refused(long bytes)
    {
        var host = Start();
        var volume = await host.BlankAsync(4 * MiB);
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.CloneAsync(volume, "vm-1", bytes: bytes));
        Assert.Equal(LaunchErrorCode.VolumeDriver, error.Error.Code);
        Assert.False(error.Error.IsRetryable);
        Assert.Single(host.Leftovers());
    }

    [Fact]
    public async Task A_clone_of_a_base_that_is_not_there_is_refused()
    {
        var host = Start();
        var request = new CloneRequest(
            InstanceId.Parse("vm-1"), DiskName.Root, TestImages.Blank(MiB).Key(), MiB);
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.Driver.EnsureDiskAsync(request, null, default));
        Assert.Contains("blank-1048576-raw", error.Message);
        Assert.Empty(host.Leftovers());
    }

    [Fact]
    public async Task What_is_cancelled_before_it_starts_leaves_nothing()
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            host.Driver.EnsureDiskAsync(DriverHost.Request(volume, "vm-1"), null, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            host.Driver.EnsureBaseAsync(TestImages.Blank(2 * MiB), null, null, cancelled));
        Assert.Single(host.Leftovers());
    }

    [Fact]
    public async Task A_conversion_that_is_cancelled_leaves_nothing()
    {
        TestTool.Need("qemu-img");
        using var cancel = new CancellationTokenSource();
        var host = Start(new TestInspector { OnResult = cancel.Cancel });
        var image = await TestImages.ConvertAsync(TestImages.Raw(_folder.File("disk")), "qcow2");
        var content = new BaseContent.OfImage(
            TestImages.Describe(image, DiskFormat.Qcow2, 4 * MiB));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => host.Driver.EnsureBaseAsync(content, image, null, cancel.Token));
        Assert.Empty(host.Leftovers());
    }

    private protected DriverHost Start(IImageInspector? inspector = null)
    {
        var host = Open(_folder.File("store"), inspector);
        _hosts.Add(host);
        return host;
    }

    /// <summary>Opens the driver on a store in this directory; a restart, where there was one.
    /// </summary>
    private protected virtual DriverHost Open(
        string root, IImageInspector? inspector = null, StoreFiles? files = null)
    {
        var store = HostStore.Open(root, options: null, files ?? new StoreFiles());
        return new DriverHost(store, Create(store, inspector ?? new ImageInspector()));
    }

    private protected DriverHost Restart(DriverHost host)
    {
        host.Dispose();
        return Start();
    }

    /// <summary>Where a base can be read.</summary>
    private protected virtual string BaseFile(DriverHost host, BaseVolume volume) =>
        Path.Combine(host.Store.Root, "bases", volume.Key.Value, "base.raw");

    private protected virtual void AssertReadOnly(DriverHost host, BaseVolume volume) =>
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(BaseFile(host, volume)));

    /// <summary>The length of the volume that a base with these bytes gets.</summary>
    private protected virtual long WholeSize(long bytes) => bytes;

    /// <summary>Takes a base's size away, behind the driver's back.</summary>
    private protected virtual void Damage(DriverHost host, BaseVolume volume)
    {
        var file = BaseFile(host, volume);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(file, "short");
    }

    /// <summary>Makes of a disk something that is none.</summary>
    private protected virtual void Damage(InstanceDisk disk) =>
        File.WriteAllText(disk.Path, "not a disk");

    private protected virtual void Lose(InstanceDisk disk) => File.Delete(disk.Path);
}

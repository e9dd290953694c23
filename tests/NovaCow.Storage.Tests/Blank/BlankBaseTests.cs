using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

public sealed class BlankBaseTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(BlankFileSystem.Ext4, 64 * MiB, "mkfs.ext4", "ephemeral0", "ext4", 2 * MiB)]
    [InlineData(BlankFileSystem.Ext4, 1L << 40, "mkfs.ext4", "ephemeral0", "ext4", 32 * MiB)]
    [InlineData(BlankFileSystem.Xfs, 512 * MiB, "mkfs.xfs", "ephemeral0", "xfs", 80 * MiB)]
    [InlineData(BlankFileSystem.Vfat, 64 * MiB, "mkfs.vfat", "ephemeral0", "vfat", 2 * MiB)]
    [InlineData(BlankFileSystem.Swap, 64 * MiB, "mkswap", "swap0", "swap", MiB)]
    [InlineData(BlankFileSystem.Ntfs, 64 * MiB, "mkfs.ntfs", "ephemeral0", "ntfs", 4 * MiB)]
    [InlineData(BlankFileSystem.Ntfs, 1L << 40, "mkfs.ntfs", "ephemeral0", "ntfs", 112 * MiB)]
    public async Task A_blank_base_is_formatted_labelled_and_takes_little(
        BlankFileSystem fs, long bytes, string tool, string label, string type, long mostBytes)
    {
        TestTool.Need(tool, "blkid");
        using var host = Open("store");
        var volume = await host.BlankAsync(bytes, fs);
        Assert.Equal(bytes, volume.VirtualSizeBytes);
        Assert.InRange(volume.AllocatedBytes, 1, mostBytes);
        var file = Path.Combine(host.Store.Root, "bases", volume.Key.Value, "base.raw");
        Assert.Equal(bytes, new FileInfo(file).Length);
        Assert.Equal(label, await BlkidAsync(file, "LABEL"));
        Assert.Equal(type, await BlkidAsync(file, "TYPE"));
        Assert.InRange(RawFile.CountExtents(host.Store.Files, file) ?? 0, 0, 64);
    }

    [Theory]
    [InlineData(BlankFileSystem.Ext4, "mkfs.ext4")]
    [InlineData(BlankFileSystem.Xfs, "mkfs.xfs")]
    [InlineData(BlankFileSystem.Vfat, "mkfs.vfat")]
    [InlineData(BlankFileSystem.Swap, "mkswap")]
    [InlineData(BlankFileSystem.Ntfs, "mkfs.ntfs")]
    public async Task A_blank_base_has_the_label_that_was_asked_for(
        BlankFileSystem fs, string tool)
    {
        TestTool.Need(tool, "blkid");
        using var host = Open("store");
        foreach (var label in (string[])["ephemeral15", "2nd-disk_a", "x"])
        {
            var blank = new BlankSpec(512 * MiB, fs) { Label = VolumeLabel.Parse(label) };
            var made = await host.Driver.EnsureBaseAsync(
                new BaseContent.OfBlank(blank), null, null, default);
            Assert.EndsWith($"-{label}", made.Value.Key.Value, StringComparison.Ordinal);
            Assert.Equal(label, await BlkidAsync(
                Path.Combine(host.Store.Root, "bases", made.Value.Key.Value, "base.raw"), "LABEL"));
        }
    }

    [Theory]
    [InlineData(BlankFileSystem.Ext4, "mkfs.ext4")]
    [InlineData(BlankFileSystem.Vfat, "mkfs.vfat")]
    [InlineData(BlankFileSystem.Swap, "mkswap")]
    [InlineData(BlankFileSystem.Ntfs, "mkfs.ntfs")]
    public async Task A_blank_base_is_the_same_on_every_host(BlankFileSystem fs, string tool)
    {
        TestTool.Need(tool);
        using var one = Open("one");
        using var two = Open("two");
        var key = (await one.BlankAsync(64 * MiB, fs)).Key.Value;
        await two.BlankAsync(64 * MiB, fs);
        Assert.Equal(
            TestImages.DigestOf(Path.Combine(one.Store.Root, "bases", key, "base.raw")),
            TestImages.DigestOf(Path.Combine(two.Store.Root, "bases", key, "base.raw")));
    }

    [Theory]
    [InlineData(BlankFileSystem.Xfs, MiB)]
    [InlineData(BlankFileSystem.Raw, 1000)]
    public async Task A_size_that_cannot_be_is_told_and_leaves_nothing(
        BlankFileSystem fs, long bytes)
    {
        TestTool.Need("mkfs.xfs");
        using var host = Open("store");
        var error = await Assert.ThrowsAsync<PortException>(() => host.BlankAsync(bytes, fs));
        Assert.Equal(LaunchErrorCode.VolumeDriver, error.Error.Code);
        Assert.Empty(host.Leftovers());
    }

    private DriverHost Open(string name)
    {
        var store = HostStore.Open(_folder.File(name));
        return new DriverHost(store, new Qcow2VolumeDriver(store, new ImageInspector()));
    }

    private static async Task<string> BlkidAsync(string file, string tag) =>
        (await TestTool.RunAsync("blkid", "-p", "-o", "value", "-s", tag, file)).Trim();
}

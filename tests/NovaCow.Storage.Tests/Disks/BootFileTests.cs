using NovaCow.Core;
using NovaCow.Storage.Inspection;
using NovaCow.Storage.Tests.Inspection;

namespace NovaCow.Storage.Tests;

public sealed class BootFileTests : IDisposable
{
    private static readonly InstanceId s_instance = InstanceId.Parse("vm-1");
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0x202, "HdrS", "bzImage")]
    [InlineData(56, "ARM\x64", "arm64")]
    [InlineData(0, "\u007fELF", "ELF")]
    [InlineData(0, "070701", "cpio")]
    [InlineData(0, "\u001f\u008b", "gzip")]
    [InlineData(510, "\u0055\u00aa", "of no kernel")]
    public void What_a_kernel_looks_like_is_told_and_asked_of_nobody(
        int at, string magic, string note)
    {
        var bytes = new byte[1001];
        magic.Select(c => (byte)c).ToArray().CopyTo(bytes, at);
        foreach (var format in (DiskFormat[])[DiskFormat.Aki, DiskFormat.Ari])
        {
            var verdict = Assert.IsType<InspectionVerdict.Accepted>(
                new ImageInspector().Inspect(new MemoryRandomAccess(bytes), format));
            Assert.Equal((format, 1001L), (verdict.Format, verdict.VirtualSizeBytes));
            Assert.Contains(note, Assert.Single(verdict.Notes), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_kernel_of_no_bytes_is_refused()
    {
        var empty = new MemoryRandomAccess(Array.Empty<byte>());
        Assert.IsType<InspectionVerdict.Refused>(
            new ImageInspector().Inspect(empty, DiskFormat.Aki));
    }

    [Fact]
    public async Task A_download_becomes_the_kernels_base_without_a_copy_and_of_the_same_length()
    {
        using var host = Open();
        var content = Content();
        var path = host.Store.IncomingPath(content.Key());
        File.Move(_folder.File("kernel"), path);
        Assert.True(StoreFiles.TryStat(path, out var before));
        var made = await host.Driver.EnsureBaseAsync(content, path, null, default);
        await host.Store.DiscardIncomingAsync(content.Key(), default);
        var file = Path.Combine(host.Store.Root, "bases", made.Value.Key.Value, "base.raw");
        Assert.True(StoreFiles.TryStat(file, out var after));
        Assert.Equal((before.Inode, 1001L), (after.Inode, after.Size));
        Assert.Equal((1u, (ushort)0x8100), (after.LinkCount, after.Mode));
    }

    [Fact]
    public async Task A_disk_whose_download_has_a_kernels_bytes_is_another_base()
    {
        using var host = Open();
        var kernel = Content();
        var path = _folder.File("kernel");
        var disk = await host.ImageAsync(path, DiskFormat.Raw, 1024);
        var boot = await host.Driver.EnsureBaseAsync(kernel, path, null, default);
        Assert.True(boot.Created);
        Assert.Equal((1024L, 1001L), (disk.VirtualSizeBytes, boot.Value.VirtualSizeBytes));
    }

    [Fact]
    public async Task Where_a_base_can_have_no_further_name_its_kernel_is_copied()
    {
        TestTool.Need("chattr");
        using var host = Open();
        var volume = await BaseAsync(host);
        var file = Path.Combine(host.Store.Root, "bases", volume.Key.Value, "base.raw");
        var (code, _, why) = await TestTool.TryRunAsync("chattr", "+i", file);
        if (code != 0)
            Assert.Skip($"chattr +i is refused here: {why.Trim()}");
        try
        {
            var made = await host.CloneAsync(volume, "vm-1", DiskName.Kernel);
            Assert.True(StoreFiles.TryStat(made.Path, out var stat));
            Assert.Equal((1u, (ushort)0x8100, 1001L), (stat.LinkCount, stat.Mode, stat.Size));
            Assert.Equal(TestImages.DigestOf(file), TestImages.DigestOf(made.Path));
            var again = await host.Driver.EnsureDiskAsync(
                DriverHost.Request(volume, "vm-1", DiskName.Kernel), null, default);
            Assert.Equal(made, again.Value);
            Assert.False(again.Created);
        }
        finally
        {
            await TestTool.RunAsync("chattr", "-i", file);
        }
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_keeps_the_kernel()
    {
        string path;
        using (var host = Open())
        {
            var kernel = await host.CloneAsync(await BaseAsync(host), "vm-1", DiskName.Kernel);
            await host.Store.SaveInstanceAsync(TestImages.Record(s_instance, kernel), default);
            path = kernel.Path;
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(path)!, "instance.json"), "{");
        }

        using var after = Open();
        await after.Driver.ListAsync(default);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task A_crash_or_an_error_at_any_step_leaves_the_whole_kernel_or_none()
    {
        var faults = new FaultInjector();
        var isDone = false;
        for (var step = 0; !isDone; step++)
        {
            using (var host = Open(faults))
            {
                faults.CrashAt(step);
                var crash = await Record.ExceptionAsync(() => MakeAsync(host));
                Assert.True(crash is CrashException or null, $"{crash}");
                isDone = crash is null;
            }

            faults.Count();
            using var after = Open(faults);
            var found = await after.Driver.ListAsync(default);
            Assert.Equal(found.Bases.Count, after.Leftovers().Length);
            Assert.All(found.Bases, b => Assert.Equal(1001, b.VirtualSizeBytes));
            faults.FailAt(step, LibC.EIO);
            var error = await Record.ExceptionAsync(() => MakeAsync(after));
            Assert.True(error is PortException or null, $"{error}");
            faults.Count();
            var volume = await BaseAsync(after);
            await after.CloneAsync(volume, "vm-1", DiskName.Kernel);
            await after.Driver.DeleteDiskAsync(s_instance, DiskName.Kernel, default);
            await after.Driver.DeleteBaseAsync(volume.Key, default);
            Assert.Empty(after.Leftovers());
        }

        async Task MakeAsync(DriverHost host) =>
            await host.CloneAsync(await BaseAsync(host), "vm-1", DiskName.Kernel);
    }

    private DriverHost Open(FaultInjector? faults = null)
    {
        var store = HostStore.Open(
            _folder.File("store"), options: null, faults?.Files() ?? new StoreFiles());
        return new DriverHost(store, new Qcow2VolumeDriver(store, new ImageInspector()));
    }

    private BaseContent Content()
    {
        var path = _folder.File("kernel");
        File.WriteAllBytes(path, TestImages.Bytes(1001));
        return new BaseContent.OfImage(TestImages.Describe(path, DiskFormat.Aki, 1001));
    }

    private async Task<BaseVolume> BaseAsync(DriverHost host) =>
        (await host.Driver.EnsureBaseAsync(Content(), _folder.File("kernel"), null, default))
            .Value;
}

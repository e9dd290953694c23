using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>Whom disks belong to, tried by processes of other users.</summary>
public sealed class DiskOwnerTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private static readonly DiskOwner s_owner = new(12345, 54321);
    private readonly TempFolder _folder = new();

    public DiskOwnerTests() => File.SetUnixFileMode(
        _folder.Path,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(DriverName.Qcow2)]
    [InlineData(DriverName.Copy)]
    public async Task The_owner_uses_its_disk_and_can_do_nothing_else(string driver)
    {
        NeedRoot();
        using var host = Open(s_owner, driver);
        var (volume, disk) = await MakeAsync(host);
        Assert.Equal((s_owner.Uid, s_owner.Gid, 0x8180), Look(disk.Path));
        Assert.Equal((0u, s_owner.Gid, 0x8120), Look(BaseFile(host, volume)));
        Assert.Equal(0, await AsAsync(
            s_owner, "qemu-io", "-f", disk.Format, "-c", "read -v 0 512", disk.Path));
        Assert.Equal(0, await AsAsync(
            s_owner, "qemu-io", "-f", disk.Format, "-c", "write -P 7 1M 64k", disk.Path));

        var folder = Path.GetDirectoryName(disk.Path)!;
        string[] secret =
        [
            host.Store.Root, Path.Combine(host.Store.Root, "instances"), folder,
            Path.Combine(host.Store.Root, "bases"), Path.Combine(host.Store.Root, "incoming"),
        ];
        foreach (var path in secret)
            Assert.NotEqual(0, await AsAsync(s_owner, "ls", path));
        Assert.NotEqual(0, await AsAsync(s_owner, "touch", Path.Combine(folder, "more")));
        Assert.NotEqual(0, await AsAsync(s_owner, "cat", Path.Combine(folder, "instance.json")));
        Assert.NotEqual(0, await AsAsync(
            s_owner, "dd", "if=/dev/zero", $"of={BaseFile(host, volume)}", "count=1"));
        Assert.NotEqual(0, await AsAsync(new DiskOwner(12346, 54322), "cat", disk.Path));
    }

    [Fact]
    public async Task The_owner_reads_the_kernel_and_cannot_write_it()
    {
        NeedRoot();
        using var host = Open(s_owner);
        var path = _folder.File("kernel-image");
        File.WriteAllBytes(path, TestImages.Bytes(1001));
        var kernel = await host.CloneAsync(
            await host.ImageAsync(path, DiskFormat.Aki, 1001), "vm-1", DiskName.Kernel);
        Assert.Equal((0u, s_owner.Gid, 0x8120), Look(kernel.Path));
        Assert.Equal(0, await AsAsync(s_owner, "cat", kernel.Path));
        Assert.NotEqual(0, await AsAsync(
            s_owner, "dd", "if=/dev/zero", $"of={kernel.Path}", "count=1"));
    }

    [Fact]
    public async Task Without_an_owner_all_is_this_processes_alone()
    {
        using var host = Open(owner: null);
        var (volume, disk) = await MakeAsync(host);
        var (us, group) = (LibC.geteuid(), LibC.getegid());
        Assert.Equal((us, group, 0x8180), Look(disk.Path));
        Assert.Equal((us, group, 0x8100), Look(BaseFile(host, volume)));
        Assert.Equal((us, group, 0x41C0), Look(Path.GetDirectoryName(disk.Path)!));
        Assert.Equal((us, group, 0x41C0), Look(host.Store.Root));
    }

    [Fact]
    public async Task A_base_that_was_there_before_the_owner_serves_new_disks()
    {
        NeedRoot();
        BaseVolume volume;
        InstanceDisk old;
        using (var host = Open(owner: null))
            (volume, old) = await MakeAsync(host);
        using var after = Open(s_owner);
        Assert.Single((await after.Driver.ListAsync(default)).Disks);
        Assert.Equal((0u, LibC.getegid(), 0x8180), Look(old.Path));
        var disk = await after.CloneAsync(volume, "vm-2");
        Assert.Equal(0, await AsAsync(
            s_owner, "qemu-io", "-f", disk.Format, "-c", "read 0 4M", disk.Path));
    }

    [Fact]
    public async Task An_owner_that_may_not_be_given_anything_is_told_and_leaves_nothing()
    {
        NeedRoot();
        var faults = new FaultInjector();
        using var host = Open(s_owner, files: faults.Files());
        faults.Count();
        var (volume, _) = await MakeAsync(host);
        await host.CloneAsync(volume, "vm-2");
        var chown = faults.Steps.ToList().FindLastIndex(
            step => step.StartsWith("chown root", StringComparison.Ordinal));
        var first = faults.Steps.ToList().FindLastIndex(
            step => step == "mkdir vm-2");
        Assert.InRange(first, 0, chown);
        faults.FailAt(chown - first, LibC.EPERM);
        var error = await Assert.ThrowsAsync<PortException>(() => host.CloneAsync(volume, "vm-3"));
        Assert.False(error.Error.IsRetryable);
        Assert.Contains("CAP_CHOWN", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(host.Store.Root, "instances/vm-3")));
    }

    private static void NeedRoot()
    {
        TestTool.Need("setpriv", "qemu-io");
        if (LibC.geteuid() != 0)
            Assert.Skip("only root gives files away");
    }

    private DriverHost Open(
        DiskOwner? owner, string driver = DriverName.Qcow2, StoreFiles? files = null)
    {
        var store = HostStore.Open(
            _folder.File("store"),
            new HostStoreOptions { DiskOwner = owner },
            files ?? new StoreFiles());
        var inspector = new ImageInspector();
        return new DriverHost(store, driver == DriverName.Copy
            ? new CopyVolumeDriver(store, inspector)
            : new Qcow2VolumeDriver(store, inspector));
    }

    private async Task<(BaseVolume Volume, InstanceDisk Disk)> MakeAsync(DriverHost host)
    {
        var raw = TestImages.Raw(_folder.File("disk"));
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        return (volume, await host.CommitAsync(volume, "vm-1"));
    }

    private static (uint Uid, uint Gid, int Mode) Look(string path)
    {
        Assert.True(StoreFiles.TryStat(path, out var stat), path);
        return (stat.Uid, stat.Gid, stat.Mode);
    }

    private static string BaseFile(DriverHost host, BaseVolume volume) =>
        Path.Combine(host.Store.Root, "bases", volume.Key.Value, "base.raw");

    private static async Task<int> AsAsync(DiskOwner user, params string[] command) =>
        (await TestTool.TryRunAsync(
            "setpriv",
            [
                $"--reuid={user.Uid}", $"--regid={user.Gid}", "--clear-groups",
                "--bounding-set=-all", "--inh-caps=-all", .. command,
            ])).Code;
}

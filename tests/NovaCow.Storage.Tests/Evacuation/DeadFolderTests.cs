using System.Text.Json.Nodes;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Stores that are not to be read: their host lives, or something is wrong in them.
/// </summary>
public sealed class DeadFolderTests
{
    private const string Qcow2 = DriverName.Qcow2;

    private static async Task RefusedAsync(DeadLab lab, DiskOf disk, string why)
    {
        var error = await Assert.ThrowsAsync<PortException>(
            () => lab.TakeAsync(lab.Request(disk), Qcow2));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        Assert.Empty(Directory.GetFileSystemEntries(lab.To.Store.Layout.Instances));
    }

    [Fact]
    public async Task A_host_that_holds_its_store_lives_and_nothing_is_done()
    {
        using var lab = new DeadLab();
        var (disk, expected) = await lab.DieWithAsync(Qcow2);
        using (HostStore.Open(lab.From.Store.Root))
        {
            await RefusedAsync(lab, disk, "that host lives");
            var error = await Assert.ThrowsAsync<PortException>(() => lab.FenceAsync());
            Assert.Contains("that host lives", error.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(lab.From.Store.Layout.Fenced));
        }

        await ChangeLab.AssertReadsAsync(
            expected, (await lab.TakeAsync(lab.Request(disk), Qcow2)).Value);
    }

    [Fact]
    public async Task A_host_cannot_start_on_a_store_that_others_read_and_two_may_read_it()
    {
        using var lab = new DeadLab();
        await lab.DieWithAsync(Qcow2);
        using (lab.To.SharedStores!.Open(lab.Dead))
        using (lab.To.SharedStores!.Open(lab.Dead))
        {
            var error = Assert.Throws<PortException>(() => HostStore.Open(lab.From.Store.Root));
            Assert.Contains("are evacuated", error.Message, StringComparison.Ordinal);
        }

        HostStore.Open(lab.From.Store.Root).Dispose();
    }

    [Fact]
    public async Task A_disk_that_a_guest_has_open_is_refused_though_its_hosts_process_is_dead()
    {
        using var lab = new DeadLab();
        var (disk, _) = await lab.DieWithAsync(Qcow2);
        using (File.Open(disk.Disk.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            await RefusedAsync(lab, disk, "in use");

        // As over a network: there is no lease, and qemu's own lock is all that tells.
        using var guest = DiskLease.Take(
            lab.From.Store.Files.OpenToWrite(disk.Disk.Path), disk.Disk.Path, isWritable: true,
            hasLeases: false);
        var file = StoreFiles.TryOpenWithoutLinks(disk.Disk.Path, isFolder: false, out _)!;
        var error = Assert.Throws<PortException>(
            () => DiskLease.TakeOfOtherHost(file, disk.Disk.Path));
        Assert.Contains("in use", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("instances/vm-1/root.qcow2")]
    [InlineData("instances/vm-1/instance.json")]
    [InlineData("instances/vm-1")]
    [InlineData("instances")]
    [InlineData("lock")]
    [InlineData("store.json")]
    public async Task A_link_anywhere_is_never_followed(string what)
    {
        using var lab = new DeadLab();
        var (disk, _) = await lab.DieWithAsync(Qcow2);
        var path = Path.Combine(lab.From.Store.Root, what);
        var elsewhere = Path.Combine(lab.Root, "elsewhere");
        if (Directory.Exists(path))
            Directory.Move(path, elsewhere);
        else
            File.Move(path, elsewhere);
        File.CreateSymbolicLink(path, elsewhere);
        await RefusedAsync(lab, disk, "symbolic link");
    }

    [Fact]
    public async Task A_link_in_the_place_of_the_fences_is_not_written_through()
    {
        using var lab = new DeadLab();
        await lab.DieWithAsync(Qcow2);
        var elsewhere = Directory.CreateDirectory(Path.Combine(lab.Root, "elsewhere"));
        File.CreateSymbolicLink(lab.From.Store.Layout.Fenced, elsewhere.FullName);
        var error = await Assert.ThrowsAsync<PortException>(() => lab.FenceAsync());
        Assert.Contains("symbolic link", error.Message, StringComparison.Ordinal);
        Assert.Empty(elsewhere.GetFileSystemInfos());
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("/etc")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("")]
    public async Task A_folder_out_of_the_shared_file_system_is_refused(string folder)
    {
        using var lab = new DeadLab();
        await lab.DieWithAsync(Qcow2);
        var error = await Assert.ThrowsAsync<PortException>(() => lab.FenceAsync(
            lab.Dead with { Store = new SharedStore("shared", folder) }));
        Assert.Contains("in a way that cannot be", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<PortException>(() => lab.FenceAsync(
            lab.Dead with { Store = lab.Dead.Store with { Name = "other" } }));
    }

    [Theory]
    [InlineData("id", "\"vm-2\"", "is of instance vm-2")]
    [InlineData("fence", "{\"epoch\":1,\"attempt\":7}", "attempt 7")]
    [InlineData("disks", "null", "has no disk root")]
    [InlineData("disks", "[null]", "has no disk root")]
    [InlineData("disks", "[]", "has no disk root")]
    [InlineData("id", "\"../../x\"", "no such record")]
    [InlineData("cluster", "\"theirs\"", "another cluster")]
    public async Task A_record_that_is_not_the_one_that_was_said_is_refused(
        string member, string json, string why)
    {
        using var lab = new DeadLab();
        var (disk, _) = await lab.DieWithAsync(Qcow2);
        var path = lab.From.Store.Layout.InstanceRecord(disk.Instance);
        var record = JsonNode.Parse(await File.ReadAllTextAsync(path))!.AsObject();
        record[member] = JsonNode.Parse(json);
        await File.WriteAllTextAsync(path, record.ToJsonString());
        var request = lab.Request(disk);
        request = request with
        {
            Transfer = request.Transfer! with
            {
                Source = TransferSource.Of(lab.Dead with { Cluster = "ours" }),
            },
        };
        var error = await Assert.ThrowsAsync<PortException>(() => lab.TakeAsync(request, Qcow2));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_over_a_file_of_its_own_choice_is_refused()
    {
        using var lab = new DeadLab();
        var (disk, _) = await lab.DieWithAsync(Qcow2);
        await TestTool.RunAsync(
            "qemu-img", "rebase", "-u", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd",
            disk.Disk.Path);
        await RefusedAsync(lab, disk, "/etc/passwd, which is no base of this store");
        await TestTool.RunAsync(
            "qemu-img", "rebase", "-u", "-f", "qcow2", "-b", "", disk.Disk.Path);
        await RefusedAsync(lab, disk, "and not");
    }

    [Fact]
    public async Task A_pipe_or_a_file_with_another_name_is_no_disk()
    {
        using var lab = new DeadLab();
        var (disk, _) = await lab.DieWithAsync(Qcow2);
        await TestTool.RunAsync("ln", disk.Disk.Path, Path.Combine(lab.Root, "again"));
        await RefusedAsync(lab, disk, "has other names");
        File.Delete(disk.Disk.Path);
        await TestTool.RunAsync("mkfifo", disk.Disk.Path);
        await RefusedAsync(lab, disk, "is no regular file");
    }

    [Fact]
    public async Task A_fence_is_found_by_the_host_that_returns_until_it_is_lifted()
    {
        using var lab = new DeadLab();
        var (disk, _) = await lab.DieWithAsync(Qcow2);
        Assert.Null((await lab.FenceAsync()).IsOn);
        await lab.FenceAsync();
        using var back = HostStore.Open(lab.From.Store.Root);
        var fences = new StoreFences(back);
        var fence = Assert.Single(fences.ReadFences());
        Assert.Equal(
            (disk.Instance, 1, "dead", "live"),
            (fence.Id, fence.Attempt, fence.Host.Value, fence.By.Value));
        var record = Assert.Single(await back.ListInstancesAsync(default));
        Assert.True(fence.Holds(record));
        Assert.False(fence.Holds(record with { Fence = new LaunchFence(1, 2) }));
        fences.LiftFence(disk.Instance);
        fences.LiftFence(disk.Instance);
        Assert.Empty(fences.ReadFences());
        Assert.False(Directory.Exists(back.Layout.Fenced));
    }
}

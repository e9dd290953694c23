using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>Whether a store can share blocks is found out by trying.</summary>
public sealed class ReflinkProbeTests(XfsFixture xfs, BtrfsFixture btrfs, Ext4Fixture ext4)
    : IClassFixture<XfsFixture>, IClassFixture<BtrfsFixture>, IClassFixture<Ext4Fixture>,
    IDisposable
{
    private readonly List<TempFolder> _folders = [];

    public void Dispose()
    {
        foreach (var folder in _folders)
            folder.Dispose();
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void A_file_system_that_shares_blocks_is_taken_and_the_trial_leaves_nothing(string kind)
    {
        using var store = HostStore.Open(Home(kind == "xfs" ? xfs.Path : btrfs.Path));
        Assert.Null(ReflinkVolumeDriver.Probe(store));
        Assert.Empty(Files(store));
        Assert.Equal("reflink", ReflinkVolumeDriver.Open(store, new ImageInspector()).Name);
    }

    [Fact]
    public void One_that_cannot_is_refused_with_its_name_and_what_to_use_instead()
    {
        using var store = HostStore.Open(Home(ext4.Path));
        var error = Assert.Throws<PortException>(
            () => ReflinkVolumeDriver.Open(store, new ImageInspector()));
        Assert.Equal(
            $"store {store.Root}: its file system (ext4) cannot share blocks between files: "
                + "use XFS made with reflink=1, btrfs, or the driver qcow2",
            error.Message);
        Assert.False(error.Error.IsRetryable);
        Assert.Equal(LaunchErrorCode.VolumeDriver, error.Error.Code);
        Assert.Empty(Files(store));
    }

    [Fact]
    public async Task XFS_made_without_reflink_is_refused_too()
    {
        if (LoopMount.WhyNot(LoopFileSystem.Xfs) is { } reason)
            Assert.Skip(reason);
        var kind = LoopFileSystem.Xfs with { Arguments = ["-q", "-m", "reflink=0"] };
        await using var mount = await LoopMount.MakeAsync(kind);
        using var store = HostStore.Open(Path.Combine(mount.Path, "store"));
        Assert.Contains("(xfs) cannot share", ReflinkVolumeDriver.Probe(store));
    }

    [Fact]
    public void What_a_trial_that_was_cut_off_left_is_removed_by_the_next()
    {
        var faults = new FaultInjector();
        var root = Home(xfs.Path);
        using (var store = HostStore.Open(root, options: null, faults.Files()))
        {
            faults.CrashAt(5);
            Assert.Throws<CrashException>(() => ReflinkVolumeDriver.Probe(store));
            Assert.Equal(2, Files(store).Length);
        }

        using var again = HostStore.Open(root);
        Assert.Null(ReflinkVolumeDriver.Probe(again));
        Assert.Empty(Files(again));
    }

    [Fact]
    public void A_full_store_is_not_taken_for_one_that_cannot_share()
    {
        List<string> notes = [];
        var faults = new FaultInjector();
        var options = new HostStoreOptions { OnNote = notes.Add };
        using var store = HostStore.Open(Home(xfs.Path), options, faults.Files());
        faults.FailAt(3, LibC.ENOSPC);
        Assert.Null(ReflinkVolumeDriver.Probe(store));
        Assert.Contains("too full", Assert.Single(notes));
        Assert.Empty(Files(store));
    }

    [Fact]
    public async Task A_clone_that_the_file_system_refuses_is_told_for_good_with_the_remedy()
    {
        using var store = HostStore.Open(Home(ext4.Path));
        var host = new DriverHost(store, new ReflinkVolumeDriver(store, new ImageInspector()));
        var volume = await host.BlankAsync(TestImages.MiB);
        var error = await Assert.ThrowsAsync<PortException>(() => host.CloneAsync(volume, "vm-1"));
        Assert.Equal(LaunchErrorCode.VolumeDriver, error.Error.Code);
        Assert.False(error.Error.IsRetryable);
        Assert.Contains("disk root of instance vm-1", error.Message);
        Assert.Contains("use XFS made with reflink=1", error.Message);
        Assert.Single(host.Leftovers());
    }

    private string Home(string parent)
    {
        var folder = new TempFolder(parent);
        _folders.Add(folder);
        return folder.File("store");
    }

    private static string[] Files(HostStore store) =>
    [
        .. Directory.GetFileSystemEntries(Path.Combine(store.Root, "bases")),
        .. Directory.GetFileSystemEntries(Path.Combine(store.Root, "instances")),
    ];
}

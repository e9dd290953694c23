using System.Globalization;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Which commands the driver gives, what it refuses to start with, and what it makes of
/// failures; on a pool of fake-lvm.sh's.</summary>
public sealed class LvmCommandsTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private readonly TempFolder _folder = new();
    private readonly FakePool _pool = new();
    private readonly List<string> _notes = [];
    private HostStore? _store;
    private string _id = "";

    public void Dispose()
    {
        _store?.Dispose();
        _pool.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_base_is_made_marked_as_building_and_sealed()
    {
        var host = await OpenAsync();
        _pool.Forget();
        await host.BlankAsync(MiB);
        var name = $"ncb+{_id[..8]}+blank-1048576-raw";
        Assert.Equal(
            [
                $"lvm lvcreate -y -ay -Wn -V 1048576b --thinpool pool -n {name} --addtag novacow "
                    + $"--addtag novacow.store={_id} --addtag novacow.state=building "
                    + "--addtag novacow.bytes=1048576 --addtag novacow.base=blank-1048576-raw vg0",
                "lvm lvchange -y -an -pr -ky --deltag novacow.state=building "
                    + $"--addtag novacow.state=ready vg0/{name}",
            ],
            _pool.Changes);
        Assert.Contains(
            _pool.Calls, c => c is ["lvm", "lvs", "--reportformat", "json", "--units", "b",
                "--nosuffix", "-o", LvmReport.Columns, "vg0"]);
    }

    [Fact]
    public async Task A_clone_is_one_command_and_one_more_where_it_is_larger()
    {
        var host = await OpenAsync();
        var volume = await host.BlankAsync(MiB);
        _pool.Forget();
        await host.CloneAsync(volume, "vm-1");
        await host.CloneAsync(volume, "vm-2", DiskName.Swap, 2 * MiB);
        Assert.Equal(
            [
                Snapshot("vm-1", "root", MiB),
                Snapshot("vm-2", "swap", 2 * MiB),
                $"lvm lvextend -y -L 2097152b vg0/ncd+{_id[..8]}+vm-2+swap",
            ],
            _pool.Changes);

        string Snapshot(string instance, string disk, long bytes) => string.Create(
            CultureInfo.InvariantCulture,
            $"lvm lvcreate -y -s -ay -kn -prw -n ncd+{_id[..8]}+{instance}+{disk} --addtag novacow "
                + $"--addtag novacow.store={_id} --addtag novacow.state=ready "
                + $"--addtag novacow.bytes={bytes} --addtag novacow.base={volume.Key} "
                + $"--addtag novacow.instance={instance} --addtag novacow.disk={disk} "
                + $"vg0/ncb+{_id[..8]}+{volume.Key}");
    }

    [Fact]
    public async Task A_removal_is_guarded_by_the_stores_tag()
    {
        var host = await OpenAsync();
        await host.CloneAsync(await host.BlankAsync(MiB), "vm-1");
        _pool.Forget();
        await host.Driver.DeleteDiskAsync(InstanceId.Parse("vm-1"), DiskName.Root, default);
        Assert.Equal(
            [$"lvm lvremove -y -f -S lv_tags={{novacow.store={_id}}} vg0/ncd+{_id[..8]}+vm-1+root"],
            _pool.Changes);
    }

    [Fact]
    public async Task A_grown_clone_that_was_cut_off_is_grown_on()
    {
        var host = await OpenAsync();
        var volume = await host.BlankAsync(MiB);
        _pool.Forget();
        _pool.Fault(2, "die");
        await Assert.ThrowsAsync<PortException>(
            () => host.CloneAsync(volume, "vm-1", bytes: 2 * MiB));
        _pool.Reboot();
        var disk = await host.CloneAsync(volume, "vm-1", bytes: 2 * MiB);
        Assert.Equal(2 * MiB, disk.VirtualSizeBytes);
        using var device = BlockDevice.OpenToRead(disk.Path);
        Assert.Equal(2 * MiB, BlockDevice.Length(device));
    }

    [Fact]
    public async Task Sizes_are_rounded_up_to_the_groups_extents()
    {
        _pool.Set("extent", "4194304", of: "group");
        var host = await OpenAsync();
        var volume = await host.BlankAsync(5 * MiB);
        var disk = await host.CloneAsync(volume, "vm-1");
        var larger = await host.CloneAsync(volume, "vm-2", bytes: 9 * MiB);
        Assert.Equal(5 * MiB, volume.VirtualSizeBytes);
        Assert.Equal(8 * MiB, disk.VirtualSizeBytes);
        Assert.Equal(12 * MiB, larger.VirtualSizeBytes);
        Assert.Equal(disk, await host.CloneAsync(volume, "vm-1"));
        Assert.Equal(volume, Assert.Single((await host.Driver.ListAsync(default)).Bases));
    }

    [Theory]
    [InlineData("pool_zero", "", "lvchange -Zy vg0/pool")]
    [InlineData("pool_discards", "nopassdown", "lvchange --discards passdown vg0/pool")]
    [InlineData("pool_layout", "linear", "is no thin pool")]
    [InlineData("pool_health", "failed", "lvconvert --repair vg0/pool")]
    [InlineData("pool_name", "", "has no thin pool pool; lvcreate --type thin-pool", "group")]
    [InlineData("group", "other", "name one of those it has (other)", "group")]
    public async Task What_is_missing_is_told_with_its_remedy(
        string setting, string value, string told, string of = "pool")
    {
        _pool.Set(setting, value, of);
        var error = await Assert.ThrowsAsync<PortException>(OpenAsync);
        Assert.Equal(LaunchErrorCode.VolumeDriver, error.Error.Code);
        Assert.False(error.Error.IsRetryable);
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_without_device_mapper_or_lvm_is_refused()
    {
        File.Delete(Path.Combine(_pool.Folder, "dev/mapper/control"));
        var none = await Assert.ThrowsAsync<PortException>(OpenAsync);
        Assert.Contains("no device mapper; modprobe", none.Message, StringComparison.Ordinal);
        _store!.Dispose();
        File.Delete(Path.Combine(_pool.Folder, "lvm"));
        var missing = await Assert.ThrowsAsync<PortException>(OpenAsync);
        Assert.Contains("install lvm2", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pool_that_is_not_active_is_activated_and_a_full_one_is_opened()
    {
        _pool.Set("pool_active", "");
        _pool.Set("pool_health", "out_of_data");
        _pool.Set("pool_data", "100.00");
        var host = await OpenAsync();
        Assert.Equal(["lvm lvchange -y -ay vg0/pool"], _pool.Changes);
        await host.Driver.ListAsync(default);
        var error = await Assert.ThrowsAsync<PortException>(() => host.BlankAsync(MiB));
        Assert.Equal(LaunchErrorCode.InsufficientStorage, error.Error.Code);
    }

    [Theory]
    [InlineData("pool_data", "90.00", "90 % of its data taken, the mark is 90 %", "lvextend -L")]
    [InlineData("pool_metadata", "95.50", "95.5 % of its metadata", "lvextend --poolmetadatasize")]
    public async Task A_pool_over_its_mark_takes_no_new_volumes(
        string setting, string value, string figures, string remedy)
    {
        var host = await OpenAsync();
        var volume = await host.BlankAsync(MiB);
        _pool.Set(setting, value);
        foreach (var act in (Func<Task>[])
            [() => host.CloneAsync(volume, "vm-1"), () => host.BlankAsync(2 * MiB)])
        {
            var error = await Assert.ThrowsAsync<PortException>(act);
            Assert.Equal(LaunchErrorCode.InsufficientStorage, error.Error.Code);
            Assert.True(error.Error.IsRetryable);
            Assert.Contains(figures, error.Message, StringComparison.Ordinal);
            Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
        }

        Assert.Single(_pool.Volumes);
    }

    [Fact]
    public async Task A_base_with_more_data_than_there_is_room_is_refused_before_it_is_written()
    {
        _pool.Set("pool_size", "2097152");
        var host = await OpenAsync();
        var raw = TestImages.Raw(_folder.File("disk"));
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB));
        Assert.Equal(LaunchErrorCode.InsufficientStorage, error.Error.Code);
        Assert.Contains(
            "2097152 bytes are needed, 1887436 left", error.Message, StringComparison.Ordinal);
        Assert.Empty(_pool.Volumes);
        Assert.Empty(_pool.Changes);
    }

    [Fact]
    public async Task The_room_that_is_told_is_that_below_the_mark()
    {
        _pool.Set("pool_size", "1000000");
        _pool.Set("pool_data", "25.00");
        var driver = (LvmThinVolumeDriver)(await OpenAsync()).Driver;
        Assert.Equal(new StoreSpace(1_000_000, 650_000), driver.MeasureSpace());
        _pool.Set("pool_data", "95.00");
        Assert.Equal(new StoreSpace(1_000_000, 0), await driver.MeasureSpaceAsync(default));
        Assert.Equal(new StoreSpace(1_000_000, 0), driver.MeasureSpace());
    }

    [Fact]
    public async Task A_failed_command_is_named_with_what_it_said_but_for_warnings()
    {
        var host = await OpenAsync();
        _pool.Fault(2, "fail");
        var error = await Assert.ThrowsAsync<PortException>(() => host.BlankAsync(MiB));
        Assert.Equal(LaunchErrorCode.VolumeDriver, error.Error.Code);
        Assert.True(error.Error.IsRetryable);
        Assert.Contains(
            "lvcreate failed with 5: injected failure; look at lvs -a vg0", error.Message,
            StringComparison.Ordinal);
        Assert.Empty(_pool.Volumes);
    }

    [Fact]
    public async Task A_failure_while_the_pool_filled_up_is_a_lack_of_room()
    {
        var files = new StoreFiles((operation, _) =>
        {
            if (operation == "lvcreate")
                _pool.Set("pool_data", "99.00");
        });
        using var store = HostStore.Open(_folder.File("filling"), options: null, files);
        var driver = await LvmThinVolumeDriver.OpenAsync(store, new TestInspector(), _pool.Options);
        _pool.Fault(2, "fail");
        var error = await Assert.ThrowsAsync<PortException>(
            () => new DriverHost(store, driver).BlankAsync(MiB));
        Assert.Equal(LaunchErrorCode.InsufficientStorage, error.Error.Code);
        Assert.Contains("99 % of its data taken", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_leftover_in_use_keeps_no_host_from_starting()
    {
        var host = await OpenAsync();
        var volume = await host.BlankAsync(MiB);
        var disk = await host.CloneAsync(volume, "vm-1");
        await host.CloneAsync(volume, "vm-2");
        _pool.SetOpen(Path.GetFileName(disk.Path), isOpen: true);
        Assert.Empty((await host.Driver.ListAsync(default)).Disks);
        Assert.Equal(2, _pool.Volumes.Length);
        Assert.Contains(_notes, n => n.Contains("leftover, and in use", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "pool", 90)]
    [InlineData("vg0;rm", "pool", 90)]
    [InlineData("-vg0", "pool", 90)]
    [InlineData("vg0", "po/ol", 90)]
    [InlineData("vg0", "pool", 0)]
    [InlineData("vg0", "pool", 101)]
    [InlineData("vg0", "pool", double.NaN)]
    [InlineData("a-name-that-is-too-long-for-the-device-mapper-with-ours", "pool", 90)]
    public void A_setting_that_cannot_be_is_refused(string group, string pool, double mark)
    {
        var options = new LvmThinOptions
        {
            VolumeGroup = group,
            ThinPool = pool,
            DataHighWaterPercent = mark,
        };
        var error = Assert.Throws<PortException>(options.Check);
        Assert.False(error.Error.IsRetryable);
    }

    [Fact]
    public async Task Clones_made_at_once_share_reports()
    {
        var host = await OpenAsync();
        var volume = await host.BlankAsync(MiB);
        _pool.Forget();
        await Task.WhenAll(Enumerable.Range(0, 32).Select(i => host.CloneAsync(volume, $"vm-{i}")));
        Assert.Equal(32, _pool.Changes.Length);
        Assert.InRange(_pool.Calls.Length - 32, 1, 8);
    }

    [Fact]
    public async Task Where_sharing_cannot_be_told_all_counts_as_the_disks_own()
    {
        var host = await OpenAsync();
        var raw = TestImages.Raw(_folder.File("disk"));
        await host.CommitAsync(await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB), "vm-1");
        File.WriteAllText(Path.Combine(_pool.Folder, "state/metadata-snapshot"), "");
        var disk = Assert.Single((await host.Driver.MeasureAsync(default)).Disks);
        Assert.Equal(0, disk.SharedBytes);
        Assert.Equal(2 * MiB, disk.UniqueBytes);
        Assert.Contains(_notes, n => n.Contains("release_metadata_snap", StringComparison.Ordinal));

        // It is somebody else's: a start leaves it alone, too.
        await host.Driver.ListAsync(default);
        Assert.True(File.Exists(Path.Combine(_pool.Folder, "state/metadata-snapshot")));
    }

    private async Task<DriverHost> OpenAsync()
    {
        _store = HostStore.Open(
            _folder.File("store"),
            new HostStoreOptions { OnNote = _notes.Add });
        var driver = await LvmThinVolumeDriver.OpenAsync(
            _store, new TestInspector(), _pool.Options);
        _id = new LvmStore(_store).Open();
        return new DriverHost(_store, driver);
    }
}

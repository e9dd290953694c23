using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What is peculiar to volumes: changes in place, verification, sharing, whose they are.
/// </summary>
public abstract partial class LvmConformance
{
    private static readonly InstanceId s_vm = InstanceId.Parse("vm-1");

    [Fact]
    public async Task A_disk_grows_in_its_place_and_never_shrinks()
    {
        using var place = new Place(this);
        var (host, disk) = (place.Host, await place.WrittenDiskAsync());
        var before = Digest(disk.Path, 4 * MiB);
        var grown = await ChangeAsync(host, disk, new DiskChange.Grow(8 * MiB));
        var again = await ChangeAsync(host, grown, new DiskChange.Grow(8 * MiB));

        Assert.Equal(8 * MiB, grown.VirtualSizeBytes);
        Assert.Equal(8 * MiB, again.VirtualSizeBytes);
        Assert.InRange(grown.AllocatedBytes, 2 * MiB, 3 * MiB);
        Assert.InRange(again.AllocatedBytes, 2 * MiB, 3 * MiB);
        Assert.Equal(disk.Path, grown.Path);
        Assert.Equal(disk.BackingFile, grown.BackingFile);
        Assert.Equal(before, Digest(disk.Path, 4 * MiB));
        var error = await Assert.ThrowsAsync<PortException>(
            () => ChangeAsync(host, grown, new DiskChange.Grow(4 * MiB)));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
    }

    [Fact]
    public async Task A_flattened_disk_reads_as_before_and_needs_no_base()
    {
        using var place = new Place(this);
        var (host, disk) = (place.Host, await place.WrittenDiskAsync());
        var key = disk.BackingFile!;
        var before = Digest(disk.Path, disk.VirtualSizeBytes);
        var flat = await ChangeAsync(host, disk, new DiskChange.Flatten());
        await host.Driver.DeleteBaseAsync(key, default);

        Assert.Null(flat.BackingFile);
        Assert.Equal(disk.Path, flat.Path);
        Assert.Equal(before, Digest(flat.Path, flat.VirtualSizeBytes));
        Assert.Equal(flat, await ChangeAsync(host, flat, new DiskChange.Flatten()));
        host = place.Restart();
        var found = Assert.Single((await host.Driver.ListAsync(default)).Disks[s_vm]);
        Assert.Equal(flat, found);
        Assert.Single(host.Leftovers());
    }

    [Fact]
    public async Task A_rebased_disk_reads_as_before_over_another_base()
    {
        using var place = new Place(this);
        var (host, disk) = (place.Host, await place.WrittenDiskAsync());
        var before = Digest(disk.Path, disk.VirtualSizeBytes);
        var raw = TestImages.Raw(place.File("other"), 2 * MiB, seed: 2);
        var other = await host.ImageAsync(raw, DiskFormat.Raw, 2 * MiB);
        var based = await ChangeAsync(host, disk, new DiskChange.Rebase(other.Key));

        Assert.Equal(other.Key, based.BackingFile);
        Assert.Equal(disk.Path, based.Path);
        Assert.Equal(before, Digest(based.Path, based.VirtualSizeBytes));
        await host.Driver.DeleteBaseAsync(disk.BackingFile!, default);
        var found = await place.Restart().Driver.ListAsync(default);
        Assert.Equal(other.Key, Assert.Single(found.Disks[s_vm]).BackingFile);
    }

    [Fact]
    public async Task A_rebuilt_disk_reads_as_the_base_and_keeps_its_path_and_size()
    {
        using var place = new Place(this);
        var (host, disk) = (place.Host, await place.WrittenDiskAsync());
        var raw = TestImages.Raw(place.File("other"), 2 * MiB, seed: 2);
        var other = await host.ImageAsync(raw, DiskFormat.Raw, 2 * MiB);
        var anew = await ChangeAsync(host, disk, new DiskChange.Rebuild(other.Key));

        Assert.Equal(other.Key, anew.BackingFile);
        Assert.Equal((disk.Path, disk.VirtualSizeBytes), (anew.Path, anew.VirtualSizeBytes));
        using (var expected = File.Open(raw, FileMode.Open))
            expected.SetLength(disk.VirtualSizeBytes);
        Assert.Equal(
            Digest(raw, disk.VirtualSizeBytes), Digest(anew.Path, anew.VirtualSizeBytes));
    }

    [Fact]
    public async Task A_disk_in_use_is_neither_changed_nor_removed()
    {
        using var place = new Place(this);
        var (host, disk) = (place.Host, await place.WrittenDiskAsync());
        using (Hold(disk))
        {
            foreach (var change in (DiskChange[])
            [
                new DiskChange.Grow(8 * MiB),
                new DiskChange.Flatten(),
                new DiskChange.Rebuild(disk.BackingFile!),
            ])
            {
                var refused = await Assert.ThrowsAsync<PortException>(
                    () => ChangeAsync(host, disk, change));
                Assert.Equal(LaunchErrorCode.InvalidRequest, refused.Error.Code);
                Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
            }

            await Assert.ThrowsAsync<PortException>(
                () => host.Driver.DeleteDiskAsync(s_vm, disk.Name, default));
        }

        var found = await host.Driver.ListAsync(default);
        Assert.Equal(disk.Path, Assert.Single(found.Disks[s_vm]).Path);
    }

    [Fact]
    public async Task A_base_that_somebody_wrote_to_is_found_out()
    {
        using var place = new Place(this);
        var volume = (await place.WrittenDiskAsync()).BackingFile!;
        Assert.Null(await place.Host.Driver.VerifyBaseAsync(volume, null, default));

        var name = NamesOf(place.Host.Store).Base(volume);
        Run(Options, "lvchange", "-y", "-prw", Full(name));
        Assert.Contains(
            "read-only",
            await place.Host.Driver.VerifyBaseAsync(volume, null, default),
            StringComparison.Ordinal);
        Run(Options, "lvchange", "-y", "-ay", "-K", Full(name));
        WriteTo($"{Options.DeviceFolder}/{Options.VolumeGroup}/{name}", at: 3 * MiB);
        Run(Options, "lvchange", "-y", "-an", Full(name));
        Run(Options, "lvchange", "-y", "-pr", Full(name));
        Assert.Contains(
            "digest",
            await place.Host.Driver.VerifyBaseAsync(volume, null, default),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_disk_shares_and_what_it_owns_are_told_apart()
    {
        using var place = new Place(this);
        var raw = TestImages.Raw(place.File("disk"));
        var volume = await place.Host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        var disk = await place.Host.CommitAsync(volume, s_vm.Value);
        WriteTo(disk.Path, at: 2 * MiB);
        var usage = await place.Host.Driver.MeasureAsync(default);

        Assert.Equal(2 * MiB, Assert.Single(usage.Bases).AllocatedBytes);
        var own = Assert.Single(usage.Disks);
        Assert.Equal(2 * MiB, own.SharedBytes);
        Assert.Equal(64 << 10, own.UniqueBytes);
        Assert.Equal(volume.Key, own.BackingFile);
        Assert.Equal(own, Assert.Single((await place.Host.Driver.MeasureAsync(default)).Disks));
    }

    [Fact]
    public async Task What_is_not_this_stores_is_never_touched()
    {
        using var place = new Place(this);
        using var other = new Place(this);
        var disk = await place.WrittenDiskAsync();
        await other.WrittenDiskAsync();
        var stranger = NamesOf(place.Host.Store).Disk(InstanceId.Parse("vm-2"), DiskName.Root);
        Run(
            Options, "lvcreate", "-y", "-ay", "-Wn", "-V", "1048576b", "--thinpool",
            Options.ThinPool, "-n", stranger, "--addtag", "novacow", Options.VolumeGroup);
        var host = place.Restart();
        Assert.Single((await host.Driver.ListAsync(default)).Disks);
        await host.Store.DeleteInstanceAsync(s_vm, default);
        await host.Driver.DeleteDiskAsync(s_vm, disk.Name, default);
        await host.Driver.DeleteDiskAsync(InstanceId.Parse("vm-2"), DiskName.Root, default);

        Assert.NotNull(Report(Options).Find(stranger));
        Assert.Single((await other.Restart().Driver.ListAsync(default)).Disks);
        var request = new CloneRequest(
            InstanceId.Parse("vm-2"), DiskName.Root, disk.BackingFile!, disk.VirtualSizeBytes);
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.Driver.EnsureDiskAsync(request, null, default));
        Assert.Contains("not this store's", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_activates_the_disks_of_instances()
    {
        using var place = new Place(this);
        var disk = await place.WrittenDiskAsync();
        Run(Options, "lvchange", "-y", "-an", Full(Path.GetFileName(disk.Path)));
        Assert.False(File.Exists(disk.Path));
        await place.Restart().Driver.ListAsync(default);
        Assert.True(File.Exists(disk.Path));
    }

    private static Task<InstanceDisk> ChangeAsync(
        DriverHost host, InstanceDisk disk, DiskChange change) =>
        host.Driver.ChangeDiskAsync(new DiskChangeRequest(s_vm, disk, change), null, default);

    private protected static string Digest(string path, long bytes)
    {
        using var device = BlockDevice.OpenToRead(path);
        return BlockDevice.Digest(
            device, new DiskWalk(bytes, SkipsHoles: false, null, CancellationToken.None));
    }

    private protected static void WriteTo(string path, long at)
    {
        var files = new StoreFiles();
        using var device = BlockDevice.OpenToWrite(path);
        files.Write(device, path, Enumerable.Repeat((byte)0x5A, 64 << 10).ToArray(), at);
        files.Sync(device, path);
    }

    /// <summary>A store of its own on the pool, with its host.</summary>
    private sealed class Place(LvmConformance suite) : IDisposable
    {
        private readonly TempFolder _folder = new();
        private DriverHost? _host;

        public DriverHost Host =>
            _host ??= suite.Open(File("store"), new TestInspector());

        public string File(string name) => _folder.File(name);

        public DriverHost Restart()
        {
            _host?.Dispose();
            _host = null;
            return Host;
        }

        /// <summary>A committed disk over a base of 4 MiB, in which a guest has written.</summary>
        public async Task<InstanceDisk> WrittenDiskAsync()
        {
            var raw = TestImages.Raw(File("disk"));
            var volume = await Host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
            var disk = await Host.CommitAsync(volume, s_vm.Value);
            WriteTo(disk.Path, at: 64 << 10);
            WriteTo(disk.Path, at: 2 * MiB);
            return disk;
        }

        public void Dispose()
        {
            _host?.Dispose();
            _folder.Dispose();
        }
    }
}

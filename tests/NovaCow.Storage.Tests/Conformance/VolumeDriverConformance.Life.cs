using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What an instance's life brings after its launch: another root disk, further disks, and
/// the files of its machine.</summary>
public abstract partial class VolumeDriverConformance
{
    [Fact]
    public async Task A_rebuilt_disk_takes_the_old_ones_place_and_survives_a_restart()
    {
        var host = Start();
        var first = await host.BlankAsync(MiB);
        var second = await host.BlankAsync(2 * MiB);
        var id = InstanceId.Parse("vm-1");
        var old = await host.CloneAsync(first, "vm-1", bytes: 4 * MiB);
        await host.Store.SaveInstanceAsync(TestImages.Record(id, old), default);
        var anew = await host.Driver.ChangeDiskAsync(
            new DiskChangeRequest(id, old, new DiskChange.Rebuild(second.Key)), null, default);
        await host.Store.SaveInstanceAsync(TestImages.Record(id, anew), default);
        if (anew.Path != old.Path)
            await host.Driver.DeleteDiskAsync(id, old.Name, default);

        Assert.Equal(old.VirtualSizeBytes, anew.VirtualSizeBytes);
        Assert.Equal(old.BackingFile is null ? null : second.Key, anew.BackingFile);
        var found = await Restart(host).Driver.ListAsync(default);
        var only = Assert.Single(found.Disks[id]);
        Assert.Equal((anew.Path, anew.BackingFile), (only.Path, only.BackingFile));
    }

    [Fact]
    public async Task Further_disks_are_kept_in_whatever_order_the_record_has_them()
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        var id = InstanceId.Parse("vm-1");
        var root = await host.CloneAsync(volume, "vm-1");
        var kept = await host.CloneAsync(volume, "vm-1", DiskName.Data(7));
        var left = await host.CloneAsync(volume, "vm-1", DiskName.Data(0));
        await host.Store.SaveInstanceAsync(TestImages.Record(id, kept, root), default);
        Assert.Contains(
            (await host.Driver.MeasureAsync(default)).Disks, d => d.Disk == DiskName.Data(7));

        host = Restart(host);
        var found = (await host.Driver.ListAsync(default)).Disks[id];
        Assert.Equal(["data7", "root"], found.Select(d => d.Name.Value).Order());
        Assert.False(File.Exists(left.Path));
        var unplugged = TestImages.Record(id, root);
        await host.Store.SaveInstanceAsync(unplugged, default);
        await host.Driver.DeleteDiskAsync(id, DiskName.Data(7), default);
        Assert.False(File.Exists(kept.Path));
        Assert.True(File.Exists(root.Path));
    }

    [Fact]
    public async Task A_machines_files_stay_with_the_record_and_go_with_it()
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        await host.CommitAsync(volume, "vm-1");
        var id = InstanceId.Parse("vm-1");
        var files = host.Store.MachineFiles(id);
        var target = _folder.File("somebody's");
        File.WriteAllText(target, "theirs");
        File.WriteAllText(files.Console, "a guest");
        File.WriteAllText($"{files.Console}.0", "a guest before");
        File.CreateSymbolicLink(files.Seed, target);
        File.WriteAllText($"{files.Seed}.tmp", "half");
        if (LibC.geteuid() == 0)
            host.Store.Files.SetOwner(files.Console, 12345, 54321);

        host = Restart(host);
        await host.Driver.ListAsync(default);
        Assert.Equal("a guest", File.ReadAllText(files.Console));
        Assert.True(File.Exists($"{files.Console}.0"));
        Assert.Equal(target, new FileInfo(files.Seed).LinkTarget);

        await host.Store.DeleteInstanceAsync(id, default);
        Assert.False(File.Exists(files.Console) || File.Exists(files.Seed));
        await host.Driver.DeleteDiskAsync(id, DiskName.Root, default);
        Assert.Single(host.Leftovers());
        Assert.Equal("theirs", File.ReadAllText(target));
    }

    [Fact]
    public async Task A_start_removes_the_machines_files_of_an_instance_without_a_record()
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        await host.CommitAsync(volume, "vm-1");
        var id = InstanceId.Parse("vm-1");
        var files = host.Store.MachineFiles(id);
        await host.Store.DeleteInstanceAsync(id, default);
        Directory.CreateDirectory(Path.GetDirectoryName(files.Console)!);
        File.WriteAllText(files.Console, "a guest");
        File.WriteAllText(files.Seed, "secret");

        host = Restart(host);
        await host.Driver.ListAsync(default);
        Assert.Single(host.Leftovers());
    }
}

using System.Buffers.Binary;
using System.Text.Json;
using NovaCow.Cli;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>What a launch can choose, from the command line to the bytes on a host's disk.</summary>
public sealed class LaunchOptionTests : IAsyncLifetime
{
    private const int MiB = 1 << 20;
    private readonly TestCluster _cluster = new();

    public async ValueTask InitializeAsync()
    {
        Tools.Need("mke2fs", "sfdisk", "blkid", "stat");
        _cluster.Settings.Add("""
            novacow.flavors."old" {
              vcpus = 1, memory = 64MiB, root = 0, swap = 1MiB
              ephemeral = [{ size = 24MiB }, { size = 16MiB, fs = ext4 }]
            }
            """);
        await _cluster.StartControlAsync();
        await _cluster.StartHostAsync("host-1");
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task An_image_that_is_a_bare_file_system_is_copied_into_the_old_layout()
    {
        var image = await BareImageAsync();
        await CliAsync("image", "import", "bare", image);
        await CliAsync(
            "launch", "bare", "--flavor", "old", "--name", "vm", "--nouse_cow", "--wait");

        var instance = await _cluster.Client.GetInstanceAsync("vm", default);
        Assert.Equal(
            ["/dev/vda root", "/dev/vdb ephemeral1", "/dev/vdc swap"],
            instance.Disks.Select(d => $"{d.Device} {d.Name}"));
        var root = instance.Disks[0];
        Assert.Equal(("ec2", "raw", null), (root.Layout, root.Format, root.BackingFile));
        Assert.Equal(
            ["/dev/vda1 root", "/dev/vda2 ephemeral0"],
            root.Partitions!.Select(p => $"{p.Device} {p.Name}"));

        var table = JsonDocument.Parse(await Tools.RunAsync("sfdisk", "--json", root.Path))
            .RootElement.GetProperty("partitiontable");
        Assert.Equal("dos", table.GetProperty("label").GetString());
        var partitions = table.GetProperty("partitions").EnumerateArray()
            .Select(p => (Start: Sector(p, "start"), Size: Sector(p, "size"))).ToList();
        Assert.Equal([(MiB, 32L * MiB), (33L * MiB, 24L * MiB)], partitions);
        Assert.Equal(
            await File.ReadAllBytesAsync(image),
            (await File.ReadAllBytesAsync(root.Path))[MiB..(33 * MiB)]);
        Assert.Equal("ephemeral0", await LabelAsync(root.Path, 33 * MiB));
        Assert.Equal(57L * MiB, root.VirtualSizeBytes);

        await CliAsync("instance", "delete", "vm");
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
    }

    [Fact]
    public async Task An_image_with_its_own_partitions_is_copied_whole_beside_its_local_storage()
    {
        var image = Path.Combine(_cluster.Folder, "parted.raw");
        await File.WriteAllBytesAsync(image, Partitioned(8 * MiB));
        await CliAsync("image", "import", "parted", image);
        await CliAsync(
            "launch", "parted", "--flavor", "old", "--name", "vm", "--nouse_cow", "--wait");

        var instance = await _cluster.Client.GetInstanceAsync("vm", default);
        Assert.Equal(
            ["root", "ephemeral0", "ephemeral1", "swap"], instance.Disks.Select(d => d.Name));
        Assert.Equal("whole", instance.Disks[0].Layout);
        Assert.Equal("ephemeral1", await LabelAsync(instance.Disks[2].Path, 0));

        var (exit, _, error) = await TryCliAsync(
            "launch", "parted", "--flavor", "old", "--name", "ec2", "--layout", "ec2", "--wait");
        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("partition", error);
        await CliAsync("instance", "delete", "ec2");
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
    }

    [Fact]
    public async Task Instances_share_the_kernel_and_the_ramdisk_of_their_image()
    {
        await CliAsync("image", "import", "bare-kernel", FileOf("vmlinuz", 70_001), "--format", "aki");
        await CliAsync("image", "import", "bare-ramdisk", FileOf("initrd", 30_001), "--format", "ari");
        await CliAsync(
            "image", "register", "booted", await BareImageAsync(), "--kernel", "bare-kernel",
            "--ramdisk", "bare-ramdisk", "--kernel-args", "root=/dev/vda ro");
        await CliAsync(
            "launch", "booted", "--flavor", "m1.tiny", "--count", "2", "--name", "vm", "--wait");

        var (one, two) = (await BootOfAsync("vm-1"), await BootOfAsync("vm-2"));
        Assert.Equal("root=/dev/vda ro", one.Arguments);
        foreach (var (file, other) in new[]
            {
                (one.Kernel, two.Kernel), (one.Ramdisk!, two.Ramdisk!),
            })
        {
            var @base = Path.Combine(_cluster.StoreOf("host-1"), "bases", file.Base, "base.raw");
            var inode = await Tools.RunAsync("stat", "-c", "%d %i", @base);
            Assert.Equal(inode, await Tools.RunAsync("stat", "-c", "%d %i", file.Path!));
            Assert.Equal(inode, await Tools.RunAsync("stat", "-c", "%d %i", other.Path!));
        }

        Assert.Equal(
            await File.ReadAllBytesAsync(FileOf("vmlinuz", 70_001)),
            await File.ReadAllBytesAsync(one.Kernel.Path!));
        Assert.Equal(["root"], (await _cluster.Client.GetInstanceAsync("vm-1", default))
            .Disks.Select(d => d.Name));
        var (exit, _, error) = await TryCliAsync("image", "delete", "bare-kernel");
        Assert.Equal(ExitCode.Conflict, exit);
        Assert.Contains("booted", error);

        // What a restart finds is what was made.
        await _cluster.Node("host-1").KillAsync();
        await _cluster.StartHostAsync("host-1");
        await CliAsync("instance", "delete", "vm-1", "vm-2");
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
    }

    private async Task<BootResource> BootOfAsync(string id) =>
        (await _cluster.Client.GetInstanceAsync(id, default)).Boot!;

    private async Task<string> BareImageAsync()
    {
        var path = Path.Combine(_cluster.Folder, "bare.ext4");
        await Tools.RunAsync("mke2fs", "-q", "-t", "ext4", path, "32M");
        return path;
    }

    private string FileOf(string name, int bytes)
    {
        var path = Path.Combine(_cluster.Folder, name);
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>A disk with one partition, from 1 MiB on to its end.</summary>
    private static byte[] Partitioned(int bytes)
    {
        var disk = new byte[bytes];
        var entry = disk.AsSpan(446, 16);
        entry[4] = 0x83;
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], MiB / 512);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], (uint)(bytes - MiB) / 512);
        (disk[510], disk[511]) = (0x55, 0xaa);
        return disk;
    }

    private static long Sector(JsonElement partition, string key) =>
        partition.GetProperty(key).GetInt64() * 512;

    private static async Task<string> LabelAsync(string path, int offset) => (await Tools.RunAsync(
        "blkid", "--probe", "--offset", $"{offset}", "-o", "value", "-s", "LABEL", path)).Trim();

    private Task CliAsync(params string[] args) => _cluster.CliAsync(args);

    private Task<(int Exit, string Output, string Error)> TryCliAsync(params string[] args) =>
        _cluster.TryCliAsync(args);
}

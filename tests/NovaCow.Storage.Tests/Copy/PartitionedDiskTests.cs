using System.Text.Json;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

public sealed class PartitionedDiskTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(4 * MiB, 0, null, 0, 5 * MiB)]
    [InlineData(512, 0, null, 0, 2 * MiB)]
    [InlineData(4 * MiB, 2 * MiB, BlankFileSystem.Ext4, 5 * MiB, 7 * MiB)]
    [InlineData((4 * MiB) + 512, 512, BlankFileSystem.Swap, 6 * MiB, 7 * MiB)]
    [InlineData(20L << 30, 40L << 30, BlankFileSystem.Vfat, (20L << 30) + MiB, (60L << 30) + MiB)]
    [InlineData((1L << 41) - (2 * MiB), MiB, BlankFileSystem.Ntfs, (1L << 41) - MiB, 1L << 41)]
    public async Task Sfdisk_finds_each_partition_where_it_is(
        long root, long local, BlankFileSystem? fs, long localStart, long disk)
    {
        TestTool.Need("sfdisk");
        var partitions = Of(root, fs is { } kind ? new BlankSpec(local, kind) : null);
        Assert.Null(partitions.Problem());
        Assert.Equal(disk, partitions.DiskBytes);
        var path = _folder.File("disk");
        using (var file = File.Create(path))
        {
            file.Write(partitions.BootRecord(0x1234abcd));
            file.SetLength(disk);
        }

        using var json = JsonDocument.Parse(await TestTool.RunAsync("sfdisk", "--json", path));
        var table = json.RootElement.GetProperty("partitiontable");
        Assert.Equal("dos", table.GetProperty("label").GetString());
        Assert.Equal("0x1234abcd", table.GetProperty("id").GetString());
        var found = table.GetProperty("partitions").EnumerateArray().ToList();
        Check(found[0], MiB, root, "83");
        Assert.True(found[0].GetProperty("bootable").GetBoolean());
        if (fs is null)
        {
            Assert.Single(found);
            return;
        }

        Check(found[1], localStart, local, fs switch
        {
            BlankFileSystem.Swap => "82",
            BlankFileSystem.Vfat => "c",
            BlankFileSystem.Ntfs => "7",
            _ => "83",
        });
        Assert.False(found[1].TryGetProperty("bootable", out _));
        Assert.Equal(2, found.Count);
        Assert.Contains(
            "No errors detected",
            await TestTool.RunAsync("sfdisk", "--verify", path),
            StringComparison.Ordinal);

        static void Check(JsonElement partition, long start, long bytes, string type)
        {
            Assert.Equal(start / 512, partition.GetProperty("start").GetInt64());
            Assert.Equal(bytes / 512, partition.GetProperty("size").GetInt64());
            Assert.Equal(type, partition.GetProperty("type").GetString());
        }
    }

    [Fact]
    public async Task The_record_is_the_one_that_sfdisk_writes()
    {
        TestTool.Need("sfdisk");
        var path = _folder.File("disk");
        var partitions = Of(12L << 30, new BlankSpec(1L << 30, BlankFileSystem.Ext4));
        using (var file = File.Create(path))
            file.SetLength(partitions.DiskBytes);
        var script = _folder.File("script");
        File.WriteAllText(
            script,
            $"label: dos\nlabel-id: 0x00000007\nstart=2048, size={partitions.RootBytes / 512}, "
                + $"type=83, bootable\nstart={partitions.LocalStart / 512}, "
                + $"size={(1L << 30) / 512}, type=83\n");
        await TestTool.RunAsync(
            "sh", "-c", "exec sfdisk -q --no-tell-kernel \"$0\" < \"$1\"", path, script);
        var sector = new byte[PartitionedDisk.BootRecordBytes];
        using (var file = File.OpenRead(path))
            file.ReadExactly(sector);
        Assert.Equal(Convert.ToHexString(sector), Convert.ToHexString(partitions.BootRecord(7)));
    }

    [Theory]
    [InlineData((1L << 41) - MiB + 512, 0)]
    [InlineData(long.MaxValue - 511, 0)]
    [InlineData(MiB, 1L << 41)]
    [InlineData(1L << 40, 1L << 40)]
    [InlineData(MiB, 100)]
    [InlineData(MiB, -512)]
    [InlineData(MiB, long.MaxValue - 511)]
    public void What_a_boot_record_cannot_describe_is_refused(long root, long local)
    {
        var blank = local == 0 ? null : new BlankSpec(local, BlankFileSystem.Ext4);
        Assert.NotNull(Of(root, blank).Problem());
    }

    [Fact]
    public void A_disks_signature_is_its_own_and_stays()
    {
        var all =
            from instance in (string[])["vm-1", "vm-2"]
            from disk in (DiskName[])[DiskName.Root, DiskName.Swap]
            select PartitionedDisk.SignatureOf(InstanceId.Parse(instance), disk);
        Assert.Equal(4, all.Distinct().Count());
        Assert.Equal(all, all.ToList());
        Assert.DoesNotContain(0u, all);
    }

    private static PartitionedDisk Of(long root, BlankSpec? local) => new(root, local);
}

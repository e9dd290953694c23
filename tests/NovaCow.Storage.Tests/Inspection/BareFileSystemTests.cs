using System.Buffers.Binary;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests.Inspection;

public sealed class BareFileSystemTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mkfs.ext4", "-q", "-F")]
    [InlineData("mkfs.xfs", "-q", "-f")]
    [InlineData("mkfs.btrfs", "-q", "-f")]
    [InlineData("mkfs.vfat")]
    [InlineData("mkfs.ntfs", "-q", "-F", "-Q")]
    public async Task What_a_tool_formats_is_a_bare_file_system(
        string tool, params string[] arguments)
    {
        TestTool.Need(tool);
        var path = Zeros(320 * MiB);
        Assert.True(IsBare(path));
        await TestTool.RunAsync(tool, [.. arguments, path]);
        Assert.True(IsBare(path));
    }

    [Theory]
    [InlineData("dos")]
    [InlineData("gpt")]
    public async Task A_disk_with_partitions_is_none_even_if_a_file_system_was_there_before(
        string label)
    {
        TestTool.Need("sfdisk", "mkfs.ext4");
        var path = Zeros(16 * MiB);
        await TestTool.RunAsync("mkfs.ext4", "-q", "-F", path);
        var script = _folder.File("script");
        File.WriteAllText(script, $"label: {label}\nstart=2048\n");
        const string command = "exec sfdisk -q --no-tell-kernel --wipe never \"$0\" < \"$1\"";
        await TestTool.RunAsync("sh", "-c", command, path, script);
        Assert.False(IsBare(path));
    }

    [Fact]
    public async Task An_optical_disc_is_none()
    {
        TestTool.Need("genisoimage");
        var disc = _folder.File("disc");
        var content = _folder.File("content");
        File.WriteAllText(content, "content");
        await TestTool.RunAsync("genisoimage", "-quiet", "-o", disc, content);
        Assert.False(IsBare(disc));
    }

    [Theory]
    [InlineData(0x80, 1, 100, false)]
    [InlineData(0x00, 2048, 2048, false)]
    [InlineData(0x90, 1, 100, true)]
    [InlineData(0x80, 0, 100, true)]
    [InlineData(0x80, 1, 0, true)]
    [InlineData(0x80, 1, 1 << 20, true)]
    [InlineData(0x80, int.MaxValue, int.MaxValue, true)]
    public void Boot_code_that_looks_like_a_poor_table_does_not_hide_a_file_system(
        byte flag, int first, int count, bool isBare)
    {
        var disk = new byte[2 * MiB];
        disk[1080] = 0x53;
        disk[1081] = 0xef;
        disk[510] = 0x55;
        disk[511] = 0xaa;
        disk[446] = flag;
        disk[450] = 0x83;
        BinaryPrimitives.WriteInt32LittleEndian(disk.AsSpan(454), first);
        BinaryPrimitives.WriteInt32LittleEndian(disk.AsSpan(458), count);
        Assert.Equal(isBare, BareFileSystem.IsOn(new ImageBytes(new MemoryRandomAccess(disk))));

        disk[1080] = 0;
        Assert.False(BareFileSystem.IsOn(new ImageBytes(new MemoryRandomAccess(disk))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(512)]
    public void A_file_of_any_length_is_judged(int bytes) =>
        Assert.True(BareFileSystem.IsOn(new ImageBytes(new MemoryRandomAccess(new byte[bytes]))));

    private string Zeros(long bytes)
    {
        var path = _folder.File("disk");
        using var file = File.Create(path);
        file.SetLength(bytes);
        return path;
    }

    private static bool IsBare(string path)
    {
        using var file = new FileRandomAccess(path);
        return BareFileSystem.IsOn(new ImageBytes(file));
    }
}

namespace NovaCow.Storage.Tests;

public sealed class FileExtentsTests(Ext4Fixture ext4) : IClassFixture<Ext4Fixture>
{
    [Fact]
    public void Holes_take_nothing_and_what_is_not_yet_on_the_disk_counts_already()
    {
        using var folder = new TempFolder(ext4.Path);
        var path = folder.File("file");
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, 64 << 20);
        Assert.Equal(new FileExtents(0, 0, 0), FileExtents.Read(file, path, default));
        RandomAccess.Write(file, new byte[8192], 4096);
        RandomAccess.Write(file, new byte[4096], 32 << 20);
        Assert.Equal(new FileExtents(2, 0, 12288), FileExtents.Read(file, path, default));
    }

    [Fact]
    public void Where_the_file_system_offers_no_map_all_that_a_file_takes_is_its_own()
    {
        if (!Directory.Exists("/dev/shm"))
            Assert.Skip("this machine has no tmpfs at /dev/shm");
        using var folder = new TempFolder("/dev/shm");
        var path = folder.File("file");
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        RandomAccess.Write(file, new byte[8192], 1 << 20);
        Assert.Null(FileExtents.Read(file, path, default));
        Assert.Equal(8192, FileExtents.UniqueBytesOf(file, path));
    }
}

using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What only full copies promise, beside what all disks do.</summary>
public abstract class CopyConformance : FileDriverConformance
{
    private readonly string? _home;

    private protected CopyConformance(string? home)
        : base(home) => _home = home;

    private protected override IVolumeDriver Create(HostStore store, IImageInspector inspector) =>
        new CopyVolumeDriver(store, inspector);

    [Fact]
    public async Task A_copy_shares_no_block_and_takes_no_room_for_holes()
    {
        using var folder = new TempFolder(_home);
        using var host = Open(folder);
        var raw = Sparse(folder.File("disk"));
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, new FileInfo(raw).Length);
        var disk = await host.CommitAsync(volume, "vm-1");
        Assert.Null(disk.BackingFile);
        Assert.Equal(TestImages.DigestOf(raw), TestImages.DigestOf(disk.Path));

        await TestTool.RunAsync("sync", "-f", host.Store.Root);
        var usage = Assert.Single((await host.Driver.MeasureAsync(default)).Disks);
        Assert.Equal(0, usage.SharedBytes);
        Assert.InRange(usage.UniqueBytes, 20 * MiB, 22 * MiB);
        Assert.InRange(RawFile.CountExtents(host.Store.Files, disk.Path) ?? 1, 1, 12);
    }

    [Fact]
    public async Task A_copy_tells_how_far_it_is()
    {
        using var folder = new TempFolder(_home);
        using var host = Open(folder);
        var raw = Sparse(folder.File("disk"));
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, new FileInfo(raw).Length);
        var progress = new Steps();
        await host.Driver.EnsureDiskAsync(DriverHost.Request(volume, "vm-1"), progress, default);
        Assert.InRange(progress.Seen.Count, 4, 64);
        Assert.Equal(progress.Seen.Order(), progress.Seen);
        Assert.Equal(volume.VirtualSizeBytes, progress.Seen[^1]);
    }

    [Fact]
    public async Task A_copy_that_is_cancelled_between_two_pieces_leaves_nothing()
    {
        using var folder = new TempFolder(_home);
        using var host = Open(folder);
        var raw = Sparse(folder.File("disk"));
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, new FileInfo(raw).Length);
        using var cancel = new CancellationTokenSource();
        var progress = new Steps { OnReport = cancel.Cancel };
        var request = DriverHost.Request(volume, "vm-1");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => host.Driver.EnsureDiskAsync(request, progress, cancel.Token));
        Assert.Single(progress.Seen);
        Assert.Single(host.Leftovers());
        Assert.True((await host.Driver.EnsureDiskAsync(request, null, default)).Created);
    }

    [Fact]
    public void A_file_is_copied_to_its_place_from_another_file_system()
    {
        const string memory = "/dev/shm";
        if (!Directory.Exists(memory))
            Assert.Skip($"there is no {memory}, a second file system to copy from");
        using var folder = new TempFolder(_home);
        using var elsewhere = new TempFolder(memory);
        var raw = Sparse(elsewhere.File("disk"));
        var files = new StoreFiles();
        var path = folder.File("copy");
        using (var source = files.OpenToRead(raw))
        using (var file = files.Create(path))
            new SparseCopy(files, file, path).Copy(source, MiB, null, default);

        Assert.Equal(
            File.ReadAllBytes(raw).AsSpan().TrimEnd((byte)0),
            File.ReadAllBytes(path).AsSpan((int)MiB).TrimEnd((byte)0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(512)]
    [InlineData((8 << 20) - 1)]
    [InlineData((16 << 20) + 513)]
    public void Files_of_any_length_are_copied_whole(long bytes)
    {
        using var folder = new TempFolder(_home);
        var files = new StoreFiles();
        var (from, to) = (folder.File("from"), folder.File("to"));
        File.WriteAllBytes(from, TestImages.Bytes(bytes));
        using (var source = files.OpenToRead(from))
        using (var file = files.Create(to))
            new SparseCopy(files, file, to).Copy(source, 0, null, default);
        Assert.Equal(TestImages.DigestOf(from), TestImages.DigestOf(to));
    }

    private protected static DriverHost Open(TempFolder folder)
    {
        var store = HostStore.Open(folder.File("store"));
        return new DriverHost(store, new CopyVolumeDriver(store, new TestInspector()));
    }

    /// <summary>40 MiB: data, a hole, data for more than two pieces, a hole.</summary>
    private static string Sparse(string path)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.SetLength(file, 40 * MiB);
        RandomAccess.Write(file, TestImages.Bytes(2 * MiB), 0);
        RandomAccess.Write(file, TestImages.Bytes(18 * MiB), 8 * MiB);
        return path;
    }

    private sealed class Steps : IProgress<long>
    {
        public List<long> Seen { get; } = [];

        public Action OnReport { get; init; } = static () => { };

        public void Report(long value)
        {
            Seen.Add(value);
            OnReport();
        }
    }
}

using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>
/// The smallest real file systems, filled up to the last block: whatever a driver is at when the
/// room ends, it says so, keeps nothing of it, harms nothing, and goes on once there is room.
/// </summary>
public sealed class FullDiskTests(TestContents contents) : IClassFixture<TestContents>
{
    private const long KiB = 1 << 10;

    /// <summary>From nothing left to more than any of the operations needs.</summary>
    private static readonly long[] s_room =
        [0, 4, 8, 12, 16, 24, 32, 64, 128, 256, 512, 1024, 2048, 3072, 4096, 8192];

    /// <summary>A download takes its room before the store has anything to do with it.</summary>
    private static IReadOnlyList<StoreOperation> Operations { get; } =
        [.. StoreOperation.All.Where(o => o.Name != "a downloaded base")];

    [Theory]
    [MemberData(nameof(PowerCutTests.Disks), MemberType = typeof(PowerCutTests))]
    public async Task A_full_disk_is_told_harms_nothing_and_is_got_over(string type, string driver)
    {
        await using var disk = await LoopDisk.MakeAsync(type, LoopDisk.SmallestBytes(type));
        var ledger = new StoreLedger();
        var work = await OpenAsync();
        await work.MakeBaseAsync(TestContent.Kept);
        await work.CommitAsync("kept", work.Disk(TestContent.Kept));
        var (refused, done) = (0, 0);
        foreach (var (operation, room) in Operations.SelectMany(o => s_room.Select(r => (o, r))))
        {
            await operation.Prepare(work);
            Fill(disk.Folder, room * KiB);
            if (await TryAsync(operation, work))
                done++;
            else
                refused++;

            // Whoever would make room must be able to start without any.
            work.Host.Dispose();
            work = await OpenAsync();
            Empty(disk.Folder);
            await operation.Act(work);
        }

        work.Host.Dispose();
        (await OpenAsync()).Host.Dispose();

        // The sweep began below and ended above what is needed.
        Assert.InRange(refused, Operations.Count, int.MaxValue);
        Assert.InRange(done, Operations.Count, int.MaxValue);

        async Task<StoreWork> OpenAsync()
        {
            var host = StoreWork.Open(
                Path.Combine(disk.Folder, "store"), driver, new StoreFiles());
            Assert.Empty(await StoreCheck.RunAsync(host, ledger));
            return new StoreWork(host, ledger, await contents.GetAsync());
        }
    }

    private static async Task<bool> TryAsync(StoreOperation operation, StoreWork work)
    {
        try
        {
            await operation.Act(work);
            return true;
        }
        catch (PortException e)
        {
            Assert.True(
                e.Error.Code == LaunchErrorCode.InsufficientStorage,
                $"{operation.Name}: {e.Error.Code}: {e.Message}");
            return false;
        }
    }

    /// <summary>Takes all the room, and gives some of it back.</summary>
    private static void Fill(string folder, long room)
    {
        var files = new StoreFiles();
        var (large, small) = (Path.Combine(folder, "large"), Path.Combine(folder, "small"));
        using (var file = files.Create(small))
            Allocate(file, room);
        using (var file = files.Create(large))
        {
            long at = 0;
            for (var piece = 64 * TestImages.MiB; piece >= 4 * KiB; piece /= 2)
            {
                while (LibC.fallocate(file, 0, at, piece) == 0)
                    at += piece;
            }
        }

        files.Delete(small);
    }

    private static void Allocate(SafeFileHandle file, long bytes)
    {
        if (bytes > 0)
            Assert.Equal(0, LibC.fallocate(file, 0, 0, bytes));
    }

    private static void Empty(string folder) =>
        new StoreFiles().Delete(Path.Combine(folder, "large"));
}

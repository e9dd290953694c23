using NovaCow.Store.Sqlite;

namespace NovaCow.Store.Tests.Sqlite;

/// <summary>Several processes on one file, and processes that are killed.</summary>
public sealed class SqliteProcessTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Processes_that_write_at_once_all_get_their_turn()
    {
        var path = _folder.File("store.db");
        var children = Enumerable.Range(0, 3)
            .Select(i => new ChildProcess("write", path, $"stream{i}", "300"))
            .ToList();
        foreach (var child in children)
        {
            Assert.Equal(0, await child.ExitAsync(Cancelled));
            child.Dispose();
        }

        await using var store = await SqliteStore.OpenAsync(path, Cancelled);
        for (var i = 0; i < 3; i++)
            Assert.Equal(600, await Acknowledged.LastOfUnbrokenAsync(store, $"stream{i}"));
    }

    [Fact]
    public async Task A_process_killed_while_writing_loses_nothing_that_it_acknowledged()
    {
        const int rounds = 12, streams = 8;
        var path = _folder.File("store.db");
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var acknowledged = new Acknowledged();

        for (var round = 0; round < rounds; round++)
        {
            using var child = new ChildProcess("append", path, "s", $"{streams}");
            await acknowledged.ReadAsync(child, random.Next(1, 400), child.Kill);

            await using var store = await SqliteStore.OpenAsync(path, Cancelled);
            await acknowledged.CheckAsync(store);
        }
    }

    [Fact]
    public async Task A_disk_that_loses_power_while_written_keeps_all_that_was_acknowledged()
    {
        const int rounds = 5, streams = 8;
        using var disk = MountedDisk.XfsOrSkip(_folder.File("disk"));
        var path = disk.File("store.db");
        var acknowledged = new Acknowledged();

        for (var round = 0; round < rounds; round++)
        {
            using var child = new ChildProcess("append", path, "s", $"{streams}");
            // XFS lets an fsync that is under way while it shuts down succeed in vain, with any
            // program: what was acknowledged before counts.
            await acknowledged.ReadAsync(
                child, 100 + (50 * round), disk.CutPower, countsAfter: false);
            disk.Restart();

            await using var store = await SqliteStore.OpenAsync(path, Cancelled);
            await acknowledged.CheckAsync(store);
        }
    }

    [Fact]
    public async Task Never_do_two_processes_hold_a_lease_at_once()
    {
        const int processes = 3, turns = 40;
        var path = _folder.File("store.db");
        var counter = _folder.File("counter");
        await File.WriteAllTextAsync(counter, "0", Cancelled);

        var children = Enumerable.Range(0, processes)
            .Select(i => new ChildProcess("lead", path, $"holder{i}", $"{turns}", counter))
            .ToList();
        foreach (var child in children)
        {
            Assert.Equal(0, await child.ExitAsync(Cancelled));
            child.Dispose();
        }

        Assert.Equal($"{processes * turns}", await File.ReadAllTextAsync(counter, Cancelled));
        await using var store = await SqliteStore.OpenAsync(path, Cancelled);
        Assert.Equal(processes * turns, (await store.ReadLeaseAsync("lead", Cancelled))!.Epoch);
    }
}

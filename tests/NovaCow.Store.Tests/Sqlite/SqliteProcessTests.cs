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
            Assert.Equal(600, await LastOfUnbrokenAsync(store, $"stream{i}"));
    }

    [Fact]
    public async Task A_process_killed_while_writing_loses_nothing_that_it_acknowledged()
    {
        const int rounds = 12, streams = 8;
        var path = _folder.File("store.db");
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var acknowledged = new Dictionary<string, long>(StringComparer.Ordinal);

        for (var round = 0; round < rounds; round++)
        {
            await WriteAndKillAsync(path, streams, random.Next(1, 400), acknowledged);

            await using var store = await SqliteStore.OpenAsync(path, Cancelled);
            foreach (var (id, sequenceNr) in acknowledged)
            {
                var last = await LastOfUnbrokenAsync(store, id);
                Assert.True(last >= sequenceNr, $"{id} ends at {last}, not {sequenceNr}");
                Assert.True(last % 2 == 0, $"{id} ends at {last}: half an append");
            }
        }
        Assert.NotEmpty(acknowledged);
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

    private static async Task WriteAndKillAsync(
        string path, int streams, int lines, Dictionary<string, long> acknowledged)
    {
        using var child = new ChildProcess("append", path, "s", $"{streams}");
        for (var i = 0; await child.Output.ReadLineAsync(Cancelled) is { } line; i++)
        {
            if (i == lines) child.Kill();
            // The kill may have cut the last line short: then its number is only lower.
            if (line.Split(' ') is not [var id, { Length: > 0 } number]) continue;
            var known = acknowledged.GetValueOrDefault(id);
            acknowledged[id] = Math.Max(known, long.Parse(number));
        }
        await child.ExitAsync(Cancelled);
    }

    private static async Task<long> LastOfUnbrokenAsync(SqliteStore store, string id)
    {
        var last = 0L;
        await foreach (var journalEvent in store.ReadAsync(id, 1, Cancelled))
            Assert.Equal(++last, journalEvent.SequenceNr);
        Assert.Equal(last, await store.ReadHighestSequenceNrAsync(id, Cancelled));
        return last;
    }
}

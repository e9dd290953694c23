using NovaCow.Runtime.Persistence;
using NovaCow.Store.Sqlite;
using Database = NovaCow.Store.Sqlite.Database;

namespace NovaCow.Store.Tests.Sqlite;

/// <summary>Damaged, foreign, newer, locked and full: each is told with its remedy.</summary>
public sealed class SqliteFaultTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private string StorePath => _folder.File("store.db");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_file_and_its_log_are_for_their_owner_only()
    {
        if (OperatingSystem.IsWindows()) return;
        await using var store = await OpenAsync();
        await AppendAsync(store, "s", 1);

        foreach (var suffix in (string[])["", "-wal", "-shm"])
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite,
                File.GetUnixFileMode(StorePath + suffix));
        }
    }

    [Fact]
    public async Task The_directory_is_made_when_it_is_missing()
    {
        await using var store = await SqliteStore.OpenAsync(_folder.File("a/b/store.db"));
        await AppendAsync(store, "s", 1);
    }

    [Fact]
    public async Task A_path_that_cannot_be_a_file_is_told()
    {
        await File.WriteAllTextAsync(_folder.File("file"), "", Cancelled);

        var failure = await Assert.ThrowsAsync<StoreException>(
            () => SqliteStore.OpenAsync(_folder.File("file/store.db")));

        Assert.Contains("cannot be opened", failure.Message);
    }

    [Fact]
    public async Task A_file_that_is_not_a_database_is_told_with_the_remedy()
    {
        await File.WriteAllTextAsync(StorePath, new string('x', 5_000), Cancelled);

        var failure = await Assert.ThrowsAsync<StoreException>(OpenAsync);

        Assert.Contains(StorePath, failure.Message);
        Assert.Contains("damaged", failure.Message);
        Assert.Contains("backup", failure.Message);
    }

    [Fact]
    public async Task A_damaged_file_is_told_at_start()
    {
        await using (var store = await OpenAsync())
        {
            for (var i = 1; i <= 200; i++) await AppendAsync(store, "s", i);
        }
        await using (var file = File.Open(StorePath, FileMode.Open))
        {
            // Behind the first page, so that the file still opens.
            file.Seek(4_096 * 3, SeekOrigin.Begin);
            await file.WriteAsync(new byte[4_096 * 4], Cancelled);
        }

        var failure = await Assert.ThrowsAsync<StoreException>(OpenAsync);

        Assert.Contains("damaged", failure.Message);
    }

    [Fact]
    public async Task A_newer_file_is_refused_and_not_touched()
    {
        await (await OpenAsync()).DisposeAsync();
        Execute("PRAGMA user_version = 99");

        var failure = await Assert.ThrowsAsync<StoreException>(OpenAsync);

        Assert.Contains("newer NovaCow (schema 99", failure.Message);
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused()
    {
        await File.WriteAllBytesAsync(StorePath, [], Cancelled);
        Execute("CREATE TABLE theirs (x)");

        var failure = await Assert.ThrowsAsync<StoreException>(OpenAsync);

        Assert.Contains("another program", failure.Message);
    }

    [Fact]
    public async Task Stores_that_open_a_new_file_at_once_share_it()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OpenAsync()));

        await Task.WhenAll(stores.Select((store, i) => AppendAsync(store, $"s{i}", 1)));

        for (var i = 0; i < stores.Length; i++)
            Assert.Equal(1, await stores[0].ReadHighestSequenceNrAsync($"s{i}", Cancelled));
        foreach (var store in stores) await store.DisposeAsync();
    }

    [Fact]
    public async Task A_file_that_stays_locked_fails_the_write_and_not_the_store()
    {
        await using var store = await SqliteStore.OpenAsync(
            StorePath, TimeSpan.FromMilliseconds(50), Cancelled);
        using (var other = Database.Open(StorePath, TimeSpan.Zero))
        {
            other.Execute("BEGIN IMMEDIATE");
            var failure = await Assert.ThrowsAsync<StoreException>(
                () => AppendAsync(store, "s", 1));
            Assert.Contains("locked", failure.Message);
        }

        await AppendAsync(store, "s", 1);
    }

    [Fact]
    public async Task A_write_that_does_not_fit_fails_alone_and_its_neighbours_are_committed()
    {
        await using var store = await OpenFullAtAsync(pages: 60);

        var small = Enumerable.Range(0, 20).Select(i => AppendAsync(store, $"s{i}", 1));
        var large = Enumerable.Range(0, 3).Select(i => AppendAsync(store, $"l{i}", 1, 1 << 20));
        var all = large.Concat(small).ToList();
        await Task.WhenAll(all).ContinueWith(_ => { }, TaskScheduler.Default);

        for (var i = 0; i < 3; i++)
        {
            var failure = await Assert.ThrowsAsync<StoreException>(() => all[i]);
            Assert.Contains("disk is full", failure.Message);
            Assert.Equal(0, await store.ReadHighestSequenceNrAsync($"l{i}", Cancelled));
        }
        for (var i = 0; i < 20; i++)
            Assert.Equal(1, await store.ReadHighestSequenceNrAsync($"s{i}", Cancelled));
    }

    [Fact]
    public async Task A_full_disk_fails_writes_until_there_is_space_again()
    {
        using var disk = MountedDisk.InMemoryOrSkip(_folder.File("disk"), megabytes: 4);
        await using var store = await SqliteStore.OpenAsync(disk.File("store.db"));
        var ballast = disk.File("ballast");
        await File.WriteAllBytesAsync(ballast, new byte[2 << 20], Cancelled);

        var written = 0L;
        var failure = await Assert.ThrowsAsync<StoreException>(async () =>
        {
            while (true)
            {
                await AppendAsync(store, "s", written + 1, bytes: 50_000);
                written++;
            }
        });
        Assert.Contains("full", failure.Message);
        Assert.Equal(written, await store.ReadHighestSequenceNrAsync("s", Cancelled));

        File.Delete(ballast);
        await AppendAsync(store, "s", written + 1, bytes: 50_000);

        var read = 0L;
        await foreach (var journalEvent in store.ReadAsync("s", 1, Cancelled))
            Assert.Equal(++read, journalEvent.SequenceNr);
        Assert.Equal(written + 1, read);
    }

    private Task<SqliteStore> OpenAsync() => SqliteStore.OpenAsync(StorePath);

    /// <summary>A store whose file may not grow beyond so many pages.</summary>
    private async Task<SqliteStore> OpenFullAtAsync(int pages)
    {
        await (await OpenAsync()).DisposeAsync();
        return await SqliteStore.OpenAsync(
            StorePath, TimeSpan.FromSeconds(10), Cancelled, $"PRAGMA max_page_count = {pages}");
    }

    private void Execute(string sql)
    {
        using var database = Database.Open(StorePath, TimeSpan.FromSeconds(10));
        database.Execute(sql);
    }

    private static Task AppendAsync(IStore store, string id, long sequenceNr, int bytes = 100) =>
        store.AppendAsync(
            new(id, sequenceNr, [new("m", new byte[bytes])], Fence: null), Cancelled);
}

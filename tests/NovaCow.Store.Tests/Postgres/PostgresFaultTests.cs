using System.Collections.Concurrent;
using System.Text;
using Npgsql;
using NovaCow.Runtime.Persistence;
using NovaCow.Store.Postgres;
using NovaCow.Testing.Postgres;

namespace NovaCow.Store.Tests.Postgres;

/// <summary>A database that dies, and leaders that pause. Each test has a server of its own.
/// </summary>
public sealed class PostgresFaultTests : IAsyncLifetime
{
    private PrivatePostgres _server = null!;
    private PostgresOptions _options = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PrivatePostgres.Unavailable is not null, PrivatePostgres.Unavailable ?? "");
        _server = await PrivatePostgres.StartAsync();
        _options = PostgresServer.Options(await _server.CreateDatabaseAsync("d"));
        await PostgresStore.MigrateAsync(_options, Cancelled);
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_database_killed_while_written_keeps_all_acknowledged_events_and_none_twice()
    {
        const int rounds = 3, writers = 20;
        await using var store = await PostgresStore.OpenAsync(_options, Cancelled);
        var acknowledged = new ConcurrentDictionary<string, long>();

        for (var round = 0; round < rounds; round++)
        {
            var work = Enumerable.Range(0, writers)
                .Select(i => AppendUntilFailureAsync(store, $"s{i}", acknowledged)).ToList();
            await UntilAsync(() => Task.FromResult(acknowledged.Values.Sum() > (round + 1) * 400));
            await _server.KillAsync();
            // Every call ends, with an error: what it may have written, its caller must look up.
            await Task.WhenAll(work);
            await _server.RestartAsync();

            foreach (var (id, last) in acknowledged)
                Assert.InRange(await Acknowledged.LastOfUnbrokenAsync(store, id), last, last + 1);
        }
    }

    [Fact]
    public async Task A_restart_between_calls_is_noticed_by_no_call()
    {
        await using var store = await PostgresStore.OpenAsync(_options, Cancelled);
        var request = new LeaseRequest("lead", "a", "here", TimeSpan.FromMinutes(1));
        for (var number = 1; number <= 4; number++)
        {
            var lease = await store.AcquireLeaseAsync(request, Cancelled);
            await store.AppendAsync(Event("s", number, new Fence("lead", lease.Epoch)), Cancelled);
            await store.SaveSnapshotAsync(new("s", number, new("m", default)), null, Cancelled);
            Assert.Equal(number, await store.ReadHighestSequenceNrAsync("s", Cancelled));
            if (number % 2 == 0) await _server.KillAsync();
            await _server.RestartAsync();
        }
        Assert.Equal(1, (await store.ReadLeaseAsync("lead", Cancelled))!.Epoch);
    }

    [Fact]
    public async Task While_the_database_is_away_calls_fail_by_name_and_later_ones_succeed()
    {
        await using var store = await PostgresStore.OpenAsync(_options, Cancelled);
        await store.AppendAsync(Event("s", 1), Cancelled);
        await _server.StopAsync();

        foreach (var call in (Func<Task>[])
        [
            () => store.AppendAsync(Event("s", 2), Cancelled),
            () => store.ReadHighestSequenceNrAsync("s", Cancelled),
            () => store.ReadLeaseAsync("lead", Cancelled),
        ])
        {
            var failure = await Assert.ThrowsAsync<StoreException>(call);
            Assert.Contains($"store {_options.Address}", failure.Message);
        }

        await _server.RestartAsync();
        await store.AppendAsync(Event("s", 2), Cancelled);
        Assert.Equal(2, await store.ReadHighestSequenceNrAsync("s", Cancelled));
    }

    [Fact]
    public async Task A_database_that_stops_answering_fails_the_call_within_a_bounded_time()
    {
        await using var store = await PostgresStore.OpenAsync(_options, Cancelled);
        await store.AppendAsync(Event("s", 1), Cancelled);
        await SignalAllAsync("STOP");
        try
        {
            var failure = await Assert.ThrowsAsync<StoreException>(
                () => store.AppendAsync(Event("s", 2), Cancelled));
            Assert.Contains("did not answer in time", failure.Message);
        }
        finally
        {
            await SignalAllAsync("CONT");
        }
        // The server may still commit what it was sent: then the next is a conflict, and not lost.
        await UntilAsync(async () =>
        {
            try
            {
                var next = await store.ReadHighestSequenceNrAsync("s", Cancelled) + 1;
                await store.AppendAsync(Event("s", next), Cancelled);
                return true;
            }
            catch (StoreException)
            {
                return false;
            }
        });
        await Acknowledged.LastOfUnbrokenAsync(store, "s");
    }

    [Fact]
    public async Task A_lease_is_not_handed_out_while_a_write_of_the_old_epoch_can_still_commit()
    {
        await using var store = await PostgresStore.OpenAsync(_options, Cancelled);
        await store.AcquireLeaseAsync(
            new("lead", "old", "here", TimeSpan.FromMilliseconds(1)), Cancelled);

        // What a leader that stands still within its transaction holds.
        await using var source = NpgsqlDataSource.Create(
            $"Host=127.0.0.1;Port={_server.Port};Username={PrivatePostgres.Owner};Database=d");
        await using var connection = await source.OpenConnectionAsync(Cancelled);
        await using var paused = await connection.BeginTransactionAsync(Cancelled);
        await using (var check = new NpgsqlCommand(
            "SELECT epoch FROM novacow.lease FOR KEY SHARE", connection))
        {
            Assert.Equal(1L, await check.ExecuteScalarAsync(Cancelled));
        }
        var taking = store.AcquireLeaseAsync(
            new("lead", "new", "there", TimeSpan.FromMinutes(1)), Cancelled);
        await UntilAsync(async () => await _server.SqlAsync(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "1");
        Assert.False(taking.IsCompleted);

        await paused.CommitAsync(Cancelled);
        Assert.Equal(2, (await taking).Epoch);
    }

    [Fact]
    public async Task A_leader_paused_within_its_transaction_loses_it_and_the_lease()
    {
        await using var store = await PostgresStore.OpenAsync(_options, Cancelled);
        await store.AppendAsync(Event("s", 1), Cancelled);
        await store.AcquireLeaseAsync(
            new("lead", "old", "here", TimeSpan.FromMilliseconds(1)), Cancelled);
        var lane = new ConnectionLane(_options, Lane.Journal);
        await using var source = lane.Source;
        await using var connection = await source.OpenConnectionAsync(Cancelled);
        foreach (var sql in (string[])
        [
            "BEGIN", "SELECT epoch FROM lease FOR KEY SHARE", "SELECT * FROM stream FOR UPDATE",
        ])
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(Cancelled);
        }

        var taken = await store.AcquireLeaseAsync(
            new("lead", "new", "there", TimeSpan.FromMinutes(1)), Cancelled);
        await store.AppendAsync(Event("s", 2, new Fence("lead", taken.Epoch)), Cancelled);

        await using var late = new NpgsqlCommand(
            "INSERT INTO event SELECT id, 3, 'm', '' FROM stream", connection);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => late.ExecuteNonQueryAsync(Cancelled));
        Assert.Equal(2, await store.ReadHighestSequenceNrAsync("s", Cancelled));
    }

    [Fact]
    public async Task A_leader_paused_while_it_sends_its_transaction_is_cut_off_by_its_successor()
    {
        await using var store = await PostgresStore.OpenAsync(_options, Cancelled);
        await store.AcquireLeaseAsync(
            new("lead", "old", "here", TimeSpan.FromMilliseconds(1)), Cancelled);
        await using var source = NpgsqlDataSource.Create(
            $"Host=127.0.0.1;Port={_server.Port};Username={PrivatePostgres.Owner};Database=d;"
            + $"Application Name={Lane.Journal.Name};Command Timeout=0");
        await using var connection = await source.OpenConnectionAsync(Cancelled);
        await using var busy = new NpgsqlCommand(
            "BEGIN; SELECT epoch FROM novacow.lease FOR KEY SHARE; SELECT pg_sleep(3600)",
            connection);
        var stalled = busy.ExecuteNonQueryAsync(Cancelled);
        await UntilAsync(async () => await _server.SqlAsync(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1");

        var taken = await store.AcquireLeaseAsync(
            new("lead", "new", "there", TimeSpan.FromMinutes(1)), Cancelled);

        Assert.Equal(("new", 2), (taken.Holder, taken.Epoch));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => stalled);
    }

    [Fact]
    public async Task A_busy_leader_renews_and_finds_itself_fenced_in_the_midst_of_its_writes()
    {
        await using var old = await PostgresStore.OpenAsync(_options, Cancelled);
        await using var next = await PostgresStore.OpenAsync(_options, Cancelled);
        var request = new LeaseRequest("lead", "old", "here", TimeSpan.FromMinutes(1));
        var fence = new Fence("lead", (await old.AcquireLeaseAsync(request, Cancelled)).Epoch);
        var acknowledged = new ConcurrentDictionary<string, long>();
        var work = Enumerable.Range(0, 50)
            .Select(i => AppendUntilFailureAsync(old, $"s{i}", acknowledged, fence)).ToList();
        for (var i = 0; i < 50; i++)
            Assert.Equal(1, (await old.AcquireLeaseAsync(request, Cancelled)).Epoch);

        await _server.SqlAsync("UPDATE novacow.lease SET expires_at = 'epoch'", "d");
        var taken = await next.AcquireLeaseAsync(request with { Holder = "new" }, Cancelled);
        var before = acknowledged.ToDictionary();

        Assert.All(await Task.WhenAll(work), e => Assert.IsType<StoreFencedException>(e));
        Assert.Equal(2, taken.Epoch);
        // Whatever was not acknowledged by then was refused: nothing came after the hand-over but
        // the acknowledgements of what was there.
        foreach (var (id, last) in acknowledged)
        {
            Assert.Equal(last, await Acknowledged.LastOfUnbrokenAsync(next, id));
            var known = before.GetValueOrDefault(id);
            Assert.InRange(last, known, known + 1);
        }
    }

    private static JournalAppend Event(string id, long number, Fence? fence = null) =>
        new(id, number, [new("m", Encoding.UTF8.GetBytes($"{number}"))], fence);

    /// <returns>What ended it.</returns>
    private static async Task<StoreException> AppendUntilFailureAsync(
        PostgresStore store,
        string id,
        ConcurrentDictionary<string, long> acknowledged,
        Fence? fence = null)
    {
        try
        {
            for (var next = await store.ReadHighestSequenceNrAsync(id, Cancelled) + 1; ; next++)
            {
                await store.AppendAsync(Event(id, next, fence), Cancelled);
                acknowledged[id] = next;
            }
        }
        catch (StoreException failure)
        {
            return failure;
        }
    }

    /// <summary>Stops or continues the server with all its processes.</summary>
    private async Task SignalAllAsync(string signal)
    {
        var children = await File.ReadAllTextAsync(
            $"/proc/{_server.ProcessId}/task/{_server.ProcessId}/children", Cancelled);
        string[] ids = [$"{_server.ProcessId}", .. children.Split(' ').Where(id => id.Length > 0)];
        using var kill = System.Diagnostics.Process.Start("kill", [$"-{signal}", .. ids]);
        await kill.WaitForExitAsync(Cancelled);
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        deadline.CancelAfter(TimeSpan.FromMinutes(2));
        while (!await isSo()) await Task.Delay(5, deadline.Token);
    }
}

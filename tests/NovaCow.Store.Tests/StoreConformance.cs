using System.Text;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Tests;

/// <summary>
/// What every store must do. A subclass per engine opens it; two stores opened by one test see the
/// same data, as two processes would.
/// </summary>
public abstract class StoreConformance : IAsyncLifetime
{
    private readonly List<IStore> _opened = [];

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected IStore Store { get; private set; } = null!;

    /// <summary>Opens the store of this test once more.</summary>
    protected abstract Task<IStore> OpenAsync();

    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    public async ValueTask InitializeAsync() => Store = await OpenAnotherAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _opened) await store.DisposeAsync();
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<IStore> OpenAnotherAsync()
    {
        var store = await OpenAsync();
        _opened.Add(store);
        return store;
    }

    [Fact]
    public async Task Events_are_read_back_in_order_with_manifest_and_bytes()
    {
        await AppendAsync("s", 1, ["a", "b"]);
        await AppendAsync("s", 3, ["c"]);

        Assert.Equal(["1 m a", "2 m b", "3 m c"], await ReadAsync("s"));
        Assert.Equal(["2 m b", "3 m c"], await ReadAsync("s", from: 2));
        Assert.Empty(await ReadAsync("s", from: 4));
        Assert.Empty(await ReadAsync("another"));
    }

    [Fact]
    public async Task An_event_may_have_no_bytes_and_any_manifest()
    {
        StoredPayload odd = new("ø'\";", new byte[] { 0, 255 });
        await AppendAsync(new("s", 1, [new("", default), odd], null));

        var events = await EventsAsync("s");
        Assert.Equal("", events[0].Payload.Manifest);
        Assert.Equal(0, events[0].Payload.Bytes.Length);
        Assert.Equal("ø'\";", events[1].Payload.Manifest);
        Assert.Equal([0, 255], events[1].Payload.Bytes.ToArray());
    }

    [Fact]
    public async Task An_append_that_does_not_follow_the_stream_conflicts_and_changes_nothing()
    {
        await AppendAsync("s", 1, ["a", "b"]);

        await Assert.ThrowsAsync<StoreConflictException>(() => AppendAsync("s", 2, ["x", "y"]));
        await Assert.ThrowsAsync<StoreConflictException>(() => AppendAsync("s", 4, ["x"]));
        await Assert.ThrowsAsync<StoreConflictException>(() => AppendAsync("new", 2, ["x"]));

        Assert.Equal(["1 m a", "2 m b"], await ReadAsync("s"));
        Assert.Empty(await ReadAsync("new"));
        Assert.Equal(0, await Store.ReadHighestSequenceNrAsync("new", Cancelled));
    }

    [Fact]
    public async Task Of_many_appends_at_once_for_one_place_exactly_one_wins()
    {
        var other = await OpenAnotherAsync();
        var tries = Enumerable.Range(0, 40).Select(async i =>
        {
            try
            {
                await (i % 2 == 0 ? Store : other).AppendAsync(Events("s", 1, [$"{i}"]), Cancelled);
                return i;
            }
            catch (StoreConflictException)
            {
                return -1;
            }
        });

        var winner = Assert.Single(await Task.WhenAll(tries), i => i >= 0);
        Assert.Equal([$"1 m {winner}"], await ReadAsync("s"));
    }

    [Fact]
    public async Task A_refused_append_leaves_those_committed_with_it_alone()
    {
        await AppendAsync("taken", 1, ["a"]);

        var appends = Enumerable.Range(0, 300)
            .Select(i => i % 3 == 0
                ? Store.AppendAsync(Events("taken", 1, ["x"]), Cancelled)
                : Store.AppendAsync(Events($"s{i}", 1, ["a", "b"]), Cancelled))
            .ToList();
        await Task.WhenAll(appends).ContinueWith(_ => { }, TaskScheduler.Default);

        for (var i = 0; i < appends.Count; i++)
        {
            if (i % 3 == 0)
                await Assert.ThrowsAsync<StoreConflictException>(() => appends[i]);
            else
                Assert.Equal(["1 m a", "2 m b"], await ReadAsync($"s{i}"));
        }
    }

    [Fact]
    public async Task A_long_stream_is_read_whole_and_in_order()
    {
        for (var first = 1; first <= 12_000; first += 4_000)
            await AppendAsync("s", first, Enumerable.Range(first, 4_000).Select(i => $"{i}"));

        var events = await EventsAsync("s");
        Assert.Equal(12_000, events.Count);
        Assert.All(events, e => Assert.Equal($"{e.SequenceNr}", Text(e.Payload)));
    }

    [Fact]
    public async Task Deleting_events_keeps_the_later_ones_and_the_highest_sequence_number()
    {
        await AppendAsync("s", 1, ["a", "b", "c"]);
        await AppendAsync("other", 1, ["a"]);

        await Store.DeleteEventsAsync("s", 2, fence: null, Cancelled);
        Assert.Equal(["3 m c"], await ReadAsync("s"));

        await Store.DeleteEventsAsync("s", long.MaxValue, fence: null, Cancelled);
        await Store.DeleteEventsAsync("unknown", 9, fence: null, Cancelled);
        Assert.Empty(await ReadAsync("s"));
        Assert.Equal(3, await Store.ReadHighestSequenceNrAsync("s", Cancelled));
        Assert.Equal(["1 m a"], await ReadAsync("other"));

        await Assert.ThrowsAsync<StoreConflictException>(() => AppendAsync("s", 1, ["x"]));
        await AppendAsync("s", 4, ["d"]);
        Assert.Equal(["4 m d"], await ReadAsync("s"));
    }

    [Fact]
    public async Task Very_many_events_can_be_deleted()
    {
        await AppendAsync("s", 1, Enumerable.Range(1, 20_000).Select(i => $"{i}"));

        await Store.DeleteEventsAsync("s", 19_999, fence: null, Cancelled);

        Assert.Equal(["20000 m 20000"], await ReadAsync("s"));
    }

    [Fact]
    public async Task The_newest_snapshot_is_kept_and_an_older_one_that_comes_late_is_dropped()
    {
        Assert.Null(await Store.LoadSnapshotAsync("s", Cancelled));
        await AppendAsync("s", 1, ["a", "b", "c"]);

        await SaveSnapshotAsync("s", 2, "two");
        await SaveSnapshotAsync("s", 3, "three");
        await SaveSnapshotAsync("s", 1, "one");

        var snapshot = await Store.LoadSnapshotAsync("s", Cancelled);
        Assert.Equal(3, snapshot!.SequenceNr);
        Assert.Equal("three", Text(snapshot.Payload));
        Assert.Null(await Store.LoadSnapshotAsync("another", Cancelled));
    }

    [Fact]
    public async Task A_snapshot_beyond_the_events_moves_the_stream_on()
    {
        await SaveSnapshotAsync("s", 7, "seven");

        Assert.Equal(7, await Store.ReadHighestSequenceNrAsync("s", Cancelled));
        await AppendAsync("s", 8, ["h"]);
        Assert.Equal(["8 m h"], await ReadAsync("s"));
    }

    [Fact]
    public async Task A_lease_that_is_free_is_taken_and_then_renewed_at_the_same_epoch()
    {
        Assert.Null(await Store.ReadLeaseAsync("lead", Cancelled));

        var taken = await AcquireAsync("a");
        var renewed = await AcquireAsync("a");

        Assert.True(taken.IsHeldBy("a"));
        Assert.Equal(1, taken.Epoch);
        Assert.Equal("address-a", taken.Address);
        Assert.InRange(taken.Remaining, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.Equal(1, renewed.Epoch);
    }

    [Fact]
    public async Task A_held_lease_is_told_to_others_and_not_given_to_them()
    {
        await AcquireAsync("a");
        var other = await OpenAnotherAsync();

        var seen = await other.AcquireLeaseAsync(Request("b"), Cancelled);

        Assert.True(seen.IsHeldBy("a"));
        Assert.Equal("address-a", seen.Address);
        Assert.True((await other.ReadLeaseAsync("lead", Cancelled))!.IsHeldBy("a"));
        Assert.True((await AcquireAsync("b", lease: "another")).IsHeldBy("b"));
    }

    [Fact]
    public async Task Only_its_holder_gives_a_lease_up_and_the_next_takes_a_higher_epoch()
    {
        await AcquireAsync("a");

        await Store.ReleaseLeaseAsync("lead", "b", Cancelled);
        Assert.True((await AcquireAsync("b")).IsHeldBy("a"));

        await Store.ReleaseLeaseAsync("lead", "a", Cancelled);
        var free = await Store.ReadLeaseAsync("lead", Cancelled);
        Assert.Equal("", free!.Holder);
        Assert.False(free.IsHeldBy(""));
        Assert.Equal(1, free.Epoch);

        var next = await AcquireAsync("b");
        Assert.True(next.IsHeldBy("b"));
        Assert.Equal(2, next.Epoch);
    }

    [Fact]
    public async Task An_expired_lease_goes_to_who_asks_at_a_higher_epoch_even_to_who_had_it()
    {
        await AcquireAsync("a", timeToLive: TimeSpan.FromMilliseconds(1));
        var second = await UntilTakenAsync("b", TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, second.Epoch);

        await UntilAsync(async () =>
            (await Store.ReadLeaseAsync("lead", Cancelled))!.Remaining <= TimeSpan.Zero);
        Assert.Equal(3, (await AcquireAsync("b")).Epoch);
    }

    [Fact]
    public async Task A_leader_that_was_paused_writes_nothing_after_its_successor_began()
    {
        var old = await OpenAnotherAsync();
        var first = await old.AcquireLeaseAsync(
            Request("old", TimeSpan.FromMilliseconds(1)), Cancelled);
        var oldFence = new Fence("lead", first.Epoch);
        await old.AppendAsync(Events("s", 1, ["a"], oldFence), Cancelled);

        var next = await UntilTakenAsync("new", TimeSpan.FromMinutes(1));
        var fence = new Fence("lead", next.Epoch);

        await Assert.ThrowsAsync<StoreFencedException>(
            () => old.AppendAsync(Events("s", 2, ["late"], oldFence), Cancelled));
        await Assert.ThrowsAsync<StoreFencedException>(
            () => old.SaveSnapshotAsync(new("s", 1, Payload("x")), oldFence, Cancelled));
        await Assert.ThrowsAsync<StoreFencedException>(
            () => old.DeleteEventsAsync("s", 1, oldFence, Cancelled));
        await Store.AppendAsync(Events("s", 2, ["b"], fence), Cancelled);

        Assert.Equal(["1 m a", "2 m b"], await ReadAsync("s"));
        Assert.Null(await Store.LoadSnapshotAsync("s", Cancelled));
    }

    [Fact]
    public async Task A_fence_that_was_never_given_out_refuses_the_write()
    {
        await Assert.ThrowsAsync<StoreFencedException>(
            () => AppendAsync(Events("s", 1, ["a"], new Fence("nobody", 1))));
        await AcquireAsync("a");
        await Assert.ThrowsAsync<StoreFencedException>(
            () => AppendAsync(Events("s", 1, ["a"], new Fence("lead", 2))));
        Assert.Empty(await ReadAsync("s"));
    }

    [Fact]
    public async Task Never_do_two_of_many_contenders_hold_a_lease_at_once()
    {
        const int contenders = 8, turns = 15;
        var other = await OpenAnotherAsync();
        var inside = 0;
        var total = 0;

        await Task.WhenAll(Enumerable.Range(0, contenders).Select(async i =>
        {
            var store = i % 2 == 0 ? Store : other;
            for (var turn = 0; turn < turns; turn++)
            {
                await UntilAsync(async () =>
                    (await store.AcquireLeaseAsync(Request($"{i}"), Cancelled)).IsHeldBy($"{i}"));
                Assert.Equal(1, Interlocked.Increment(ref inside));
                await Task.Yield();
                total++;
                Interlocked.Decrement(ref inside);
                await store.ReleaseLeaseAsync("lead", $"{i}", Cancelled);
            }
        }));

        Assert.Equal(contenders * turns, total);
        Assert.Equal(total, (await Store.ReadLeaseAsync("lead", Cancelled))!.Epoch);
    }

    [Fact]
    public async Task What_is_written_is_there_after_closing_and_opening()
    {
        await AppendAsync("s", 1, ["a"]);
        await SaveSnapshotAsync("s", 1, "one");
        await AcquireAsync("a");
        await Store.DisposeAsync();

        var again = await OpenAnotherAsync();
        Assert.Equal(1, await again.ReadHighestSequenceNrAsync("s", Cancelled));
        Assert.Equal("one", Text((await again.LoadSnapshotAsync("s", Cancelled))!.Payload));
        Assert.True((await again.ReadLeaseAsync("lead", Cancelled))!.IsHeldBy("a"));
    }

    [Fact]
    public async Task A_closed_store_says_so()
    {
        await Store.DisposeAsync();

        await Assert.ThrowsAsync<StoreException>(() => AppendAsync("s", 1, ["a"]));
        await Assert.ThrowsAsync<StoreException>(() => ReadAsync("s"));
        await Assert.ThrowsAsync<StoreException>(() => AcquireAsync("a"));
    }

    [Fact]
    public async Task A_call_that_was_cancelled_before_it_began_changes_nothing()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Store.AppendAsync(Events("s", 1, ["a"]), source.Token));

        Assert.Empty(await ReadAsync("s"));
    }

    protected static StoredPayload Payload(string text) => new("m", Encoding.UTF8.GetBytes(text));

    protected static string Text(StoredPayload payload) =>
        Encoding.UTF8.GetString(payload.Bytes.Span);

    protected static JournalAppend Events(
        string id, long first, IEnumerable<string> texts, Fence? fence = null) =>
        new(id, first, texts.Select(Payload).ToList(), fence);

    protected Task AppendAsync(string id, long first, IEnumerable<string> texts) =>
        AppendAsync(Events(id, first, texts));

    protected Task AppendAsync(JournalAppend append) => Store.AppendAsync(append, Cancelled);

    protected Task SaveSnapshotAsync(string id, long sequenceNr, string text) =>
        Store.SaveSnapshotAsync(new(id, sequenceNr, Payload(text)), fence: null, Cancelled);

    protected async Task<List<JournalEvent>> EventsAsync(string id, long from = 1)
    {
        var events = new List<JournalEvent>();
        await foreach (var journalEvent in Store.ReadAsync(id, from, Cancelled))
            events.Add(journalEvent);
        return events;
    }

    protected async Task<List<string>> ReadAsync(string id, long from = 1) =>
        (await EventsAsync(id, from))
            .ConvertAll(e => $"{e.SequenceNr} {e.Payload.Manifest} {Text(e.Payload)}");

    protected static LeaseRequest Request(
        string holder, TimeSpan? timeToLive = null, string lease = "lead") =>
        new(lease, holder, $"address-{holder}", timeToLive ?? TimeSpan.FromMinutes(1));

    protected Task<Lease> AcquireAsync(
        string holder, TimeSpan? timeToLive = null, string lease = "lead") =>
        Store.AcquireLeaseAsync(Request(holder, timeToLive, lease), Cancelled);

    private async Task<Lease> UntilTakenAsync(string holder, TimeSpan timeToLive)
    {
        Lease? lease = null;
        await UntilAsync(async () =>
            (lease = await AcquireAsync(holder, timeToLive)).Holder == holder);
        return lease!;
    }

    protected static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await isSo()) await Task.Delay(1, deadline.Token);
    }
}

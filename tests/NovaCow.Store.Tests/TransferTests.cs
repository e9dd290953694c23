using System.Text;
using NovaCow.Runtime.Persistence;
using NovaCow.Store.Postgres;
using NovaCow.Store.Sqlite;
using NovaCow.Store.Tests.Postgres;
using NovaCow.Store.Transfer;

namespace NovaCow.Store.Tests;

/// <summary>A store exported, checked and imported, from each engine into each.</summary>
public sealed class TransferTests(PostgresServer server) : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private int _files;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sqlite", "postgres")]
    [InlineData("postgres", "sqlite")]
    [InlineData("postgres", "postgres")]
    public async Task A_store_moves_from_one_engine_to_another_with_all_it_has(
        string from, string to)
    {
        await using var old = await OpenAsync(from);
        await FillAsync((IStore)old);
        var exported = await ExportAsync(old);

        await using var next = await OpenAsync(to);
        await ImportAsync(exported, next);

        Assert.Equal(Text(exported), Text(await ExportAsync(next)));
        var store = (IStore)next;
        Assert.Equal(2_500, await store.ReadHighestSequenceNrAsync("long", Cancelled));
        Assert.Equal(2_500, await Acknowledged.LastOfUnbrokenAsync(store, "long"));
        Assert.Equal(4, await store.ReadHighestSequenceNrAsync("deleted", Cancelled));
        Assert.Equal(3, (await store.LoadSnapshotAsync("deleted", Cancelled))!.SequenceNr);
        var lease = await store.AcquireLeaseAsync(Request("new"), Cancelled);
        Assert.Equal(3, lease.Epoch);
        await store.AppendAsync(
            new("long", 2_501, [Payload("x")], new Fence("lead", 3)), Cancelled);
        Assert.Empty((await CheckAsync(next)).Problems);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_damaged_export_is_refused_and_leaves_the_store_empty(string engine)
    {
        await using var old = await OpenAsync("sqlite");
        await FillAsync((IStore)old);
        var lines = Text(await ExportAsync(old)).TrimEnd('\n').Split('\n');
        await using var next = await OpenAsync(engine);

        foreach (var (damaged, told) in new (string[] Lines, string Told)[]
        {
            (lines[..^1], "cut short"),
            (lines[..200], "cut short"),
            ([.. lines[..10], .. lines[11..]], "checksum"),
            ([.. lines[..10], lines[10].Replace("\"event\":", "\"event\":9"), .. lines[11..]],
                "line"),
            ([.. lines, lines[^1]], "after its end"),
            (["{}"], "does not begin"),
            (["PNG"], "line 1"),
            ([lines[0].Replace("\"version\":1", "\"version\":7")], "version 7"),
        })
        {
            var failure = await Assert.ThrowsAnyAsync<StoreException>(
                () => ImportAsync(Encoding.UTF8.GetBytes(string.Join('\n', damaged)), next));
            Assert.Contains(told, failure.Message);
            var report = await CheckAsync(next);
            Assert.Equal((0, 0, 0), (report.Streams, report.Events, report.Leases.Count));
        }
        await ImportAsync(Encoding.UTF8.GetBytes(string.Join('\n', lines)), next);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_store_that_is_not_empty_takes_no_import(string engine)
    {
        await using var store = await OpenAsync(engine);
        await ((IStore)store).AcquireLeaseAsync(Request("a"), Cancelled);
        var exported = await ExportAsync(store);

        var failure = await Assert.ThrowsAsync<StoreConflictException>(
            () => ImportAsync(exported, store));

        Assert.Contains("not empty", failure.Message);
    }

    [Fact]
    public async Task A_check_tells_what_is_missing_belongs_to_nothing_or_cannot_be_read()
    {
        var options = await server.NewStoreAsync();
        await using var store = await PostgresStore.OpenAsync(options, Cancelled);
        await FillAsync(store);
        Assert.Empty((await CheckAsync(store)).Problems);

        await (await server.StartedAsync()).SqlAsync(
            "DELETE FROM novacow.event WHERE sequence_nr IN (7, 8, 2500); "
            + "INSERT INTO novacow.event VALUES (99, 1, 'm', ''); "
            + "UPDATE novacow.event SET manifest = 'odd' WHERE sequence_nr = 11",
            options.Address.Database);

        Assert.Equal(
            [
                "events of no stream, under number 99",
                "stream long: events 7 to 8 are missing",
                "stream long: event 11: odd",
                "stream long: event 2500 is missing",
            ],
            (await CheckAsync(store)).Problems);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_view_shows_nothing_that_is_written_after_it_was_opened(string engine)
    {
        await using var store = await OpenAsync(engine);
        await FillAsync((IStore)store);
        await using var view = await store.OpenViewAsync(Cancelled);

        await ((IStore)store).AppendAsync(new("long", 2_501, [Payload("x")], null), Cancelled);
        await ((IStore)store).AppendAsync(new("a new one", 1, [Payload("x")], null), Cancelled);

        var streams = new List<StoredStream>();
        await foreach (var stream in view.StreamsAsync(Cancelled)) streams.Add(stream);
        Assert.Equal([new("deleted", 4), new("long", 2_500)], streams);
    }

    private static async Task FillAsync(IStore store)
    {
        await store.AppendAsync(
            new("long", 1, [.. Enumerable.Range(1, 2_500).Select(i => Payload($"{i}"))], null),
            Cancelled);
        await store.AppendAsync(
            new("deleted", 1, [Payload("a"), Payload("ø\n\""), Payload(""), Payload("d")], null),
            Cancelled);
        await store.SaveSnapshotAsync(new("deleted", 3, Payload("three")), null, Cancelled);
        await store.DeleteEventsAsync("deleted", 3, null, Cancelled);
        await store.AcquireLeaseAsync(Request("a"), Cancelled);
        await store.ReleaseLeaseAsync("lead", "a", Cancelled);
        await store.AcquireLeaseAsync(Request("b"), Cancelled);
    }

    private async Task<IStoreAdministration> OpenAsync(string engine) => engine == "sqlite"
        ? await SqliteStore.OpenAsync(_folder.File($"{++_files}.db"), Cancelled)
        : await PostgresStore.OpenAsync(await server.NewStoreAsync(), Cancelled);

    private static async Task<byte[]> ExportAsync(IStoreAdministration store)
    {
        using var output = new MemoryStream();
        await using var view = await store.OpenViewAsync(Cancelled);
        await StoreExport.WriteAsync(view, output, Cancelled);
        return output.ToArray();
    }

    private static async Task ImportAsync(byte[] exported, IStoreAdministration store)
    {
        using var input = new MemoryStream(exported);
        await using var filling = await store.BeginFillingAsync(Cancelled);
        await StoreImport.ReadAsync(input, filling, Cancelled);
    }

    private static async Task<StoreReport> CheckAsync(IStoreAdministration store)
    {
        await using var view = await store.OpenViewAsync(Cancelled);
        return await StoreCheck.RunAsync(
            view, p => p.Manifest == "m" ? null : p.Manifest, Cancelled);
    }

    private static string Text(byte[] exported) => Encoding.UTF8.GetString(exported);

    private static StoredPayload Payload(string text) => new("m", Encoding.UTF8.GetBytes(text));

    private static LeaseRequest Request(string holder) =>
        new("lead", holder, "here", TimeSpan.FromMinutes(1));
}

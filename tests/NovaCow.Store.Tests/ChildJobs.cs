using System.Globalization;
using System.Text;
using NovaCow.Runtime.Persistence;
using NovaCow.Store.Postgres;
using NovaCow.Store.Sqlite;
using NovaCow.Testing.Postgres;

namespace NovaCow.Store.Tests;

/// <summary>What this program does when a test starts it as another process.</summary>
internal static class ChildJobs
{
    public static async Task<int> RunAsync(string[] job)
    {
        try
        {
            if (job is ["postgres"])
            {
                await KeepPostgresAsync();
                return 0;
            }
            await using var store = await OpenAsync(job[1]);
            await DoAsync(store, job);
            return 0;
        }
        catch (StoreException failure)
        {
            await Console.Out.WriteLineAsync($"failed: {failure.Message}");
            return 1;
        }
    }

    private static async Task<IStore> OpenAsync(string store) =>
        PostgresAddress.TryParse(store, out var address, out _)
            ? await PostgresStore.OpenAsync(new() { Address = address!, Migrate = true })
            : await SqliteStore.OpenAsync(store);

    private static async Task DoAsync(IStore store, string[] job)
    {
        switch (job[0])
        {
            case "append":
                await AppendForeverAsync(store, job[2], int.Parse(job[3]));
                break;
            case "write":
                await WriteAsync(store, job[2], int.Parse(job[3]));
                break;
            case "lead":
                await LeadAsync(store, job[2], int.Parse(job[3]), job[4]);
                break;
        }
    }

    /// <summary>Appends to many streams at once and tells what was acknowledged, until killed.
    /// </summary>
    private static Task AppendForeverAsync(IStore store, string prefix, int streams) =>
        Task.WhenAll(Enumerable.Range(0, streams).Select(async i =>
        {
            var id = $"{prefix}{i}";
            for (var next = await store.ReadHighestSequenceNrAsync(id, default) + 1; ; next += 2)
            {
                await store.AppendAsync(Two(id, next), default);
                await Console.Out.WriteLineAsync($"{id} {next + 1}");
            }
        }));

    /// <summary>Appends that many pairs of events to one stream.</summary>
    private static async Task WriteAsync(IStore store, string id, int pairs)
    {
        for (var i = 0; i < pairs; i++)
            await store.AppendAsync(Two(id, 1 + (2 * i)), default);
    }

    /// <summary>Adds 1 to the number in a file that many times, always while leading.</summary>
    private static async Task LeadAsync(
        IStore store, string holder, int turns, string counterFile)
    {
        var request = new LeaseRequest("lead", holder, "here", TimeSpan.FromMinutes(10));
        for (var turn = 0; turn < turns; turn++)
        {
            while (!(await store.AcquireLeaseAsync(request, default)).IsHeldBy(holder))
                await Task.Delay(1);
            var count = int.Parse(
                await File.ReadAllTextAsync(counterFile), CultureInfo.InvariantCulture);
            await File.WriteAllTextAsync(counterFile, $"{count + 1}");
            await store.ReleaseLeaseAsync("lead", holder, default);
        }
    }

    /// <summary>Has a server until killed, and tells its folder.</summary>
    private static async Task KeepPostgresAsync()
    {
        await using var server = await PrivatePostgres.StartAsync();
        await Console.Out.WriteLineAsync(Path.GetDirectoryName(server.LogPath));
        await Task.Delay(Timeout.Infinite);
    }

    private static JournalAppend Two(string id, long first) =>
        new(id, first, [Payload(first), Payload(first + 1)], null);

    private static StoredPayload Payload(long number) =>
        new("m", Encoding.UTF8.GetBytes($"{number}"));
}

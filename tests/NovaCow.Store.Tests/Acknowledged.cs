using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Tests;

/// <summary>What a child's appends were acknowledged up to, by stream, and whether it is still
/// there.</summary>
internal sealed class Acknowledged
{
    private readonly Dictionary<string, long> _last = new(StringComparer.Ordinal);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Reads what the child tells, does something to it in the midst of that, and reads on
    /// until it has ended.</summary>
    /// <param name="child">It writes `stream number` for each append.</param>
    /// <param name="linesBefore">How many of these to wait for.</param>
    /// <param name="doom">What then happens to it.</param>
    /// <param name="countsAfter">Whether what it tells after that counts also.</param>
    public async Task ReadAsync(
        ChildProcess child, int linesBefore, Action doom, bool countsAfter = true)
    {
        for (var i = 0; await child.Output.ReadLineAsync(Cancelled) is { } line; i++)
        {
            if (i == linesBefore) doom();
            if (i >= linesBefore && !countsAfter) continue;
            // The kill may have cut the last line short: then its number is only lower.
            if (line.Split(' ') is [var id, var number] && long.TryParse(number, out var last))
                _last[id] = Math.Max(_last.GetValueOrDefault(id), last);
        }
        await child.ExitAsync(Cancelled);
        Assert.NotEmpty(_last);
    }

    public async Task CheckAsync(IStore store)
    {
        foreach (var (id, sequenceNr) in _last)
        {
            var last = await LastOfUnbrokenAsync(store, id);
            Assert.True(last >= sequenceNr, $"{id} ends at {last}, not {sequenceNr}");
            Assert.True(last % 2 == 0, $"{id} ends at {last}: half an append");
        }
    }

    /// <summary>The last event of a stream that must have no gap.</summary>
    public static async Task<long> LastOfUnbrokenAsync(IStore store, string id)
    {
        var last = 0L;
        await foreach (var journalEvent in store.ReadAsync(id, 1, Cancelled))
            Assert.Equal(++last, journalEvent.SequenceNr);
        Assert.Equal(last, await store.ReadHighestSequenceNrAsync(id, Cancelled));
        return last;
    }
}

using NovaCow.Runtime.Persistence;

namespace NovaCow.Store;

/// <summary>Reads a stream page by page, so that a long one takes little memory and holds nothing
/// of the store while its reader thinks.</summary>
internal static class PagedJournal
{
    /// <summary>Events that one page has at most.</summary>
    public const int PageEvents = 1_000;

    /// <summary>Bytes after which a page ends.</summary>
    public const int PageBytes = 4 << 20;

    /// <param name="store">The store's name, for messages.</param>
    /// <param name="persistenceId">The stream.</param>
    /// <param name="fromSequenceNr">The first event that is wanted.</param>
    /// <param name="page">The next events from a number on; none when there are no more.</param>
    public static async IAsyncEnumerable<JournalEvent> ReadAsync(
        string store,
        string persistenceId,
        long fromSequenceNr,
        Func<long, Task<List<JournalEvent>>> page)
    {
        var next = fromSequenceNr;
        for (var isFirst = true; ; isFirst = false)
        {
            var events = await page(next);
            if (events.Count == 0) yield break;
            if (isFirst) next = events[0].SequenceNr;
            foreach (var journalEvent in events)
            {
                if (journalEvent.SequenceNr != next++)
                    throw Gap(store, persistenceId, next - 1);
                yield return journalEvent;
            }
        }
    }

    private static StoreException Gap(string store, string persistenceId, long sequenceNr) =>
        new(
            $"store {store}: stream {persistenceId} lacks event {sequenceNr}: its events were "
            + "deleted while they were read, or the store was changed by hand; read again, and if "
            + "it stays so put a backup in its place");
}

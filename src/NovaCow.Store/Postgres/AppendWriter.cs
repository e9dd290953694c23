using Npgsql;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Postgres;

/// <summary>The writer of this process to the journal, on a connection of its own.</summary>
internal sealed class AppendWriter(string store, NpgsqlDataSource source)
    : GroupWriter<Append>(store)
{
    /// <summary>How often others may make a stream at the moment when this does.</summary>
    private const int RaceLimit = 20;

    /// <summary>Writes the events with the next group.</summary>
    /// <remarks>Cancelling takes it back only while it waits in the queue.</remarks>
    public async Task AppendAsync(JournalAppend wanted, CancellationToken cancellationToken)
    {
        var append = new Append(wanted);
        await Queue.AddAsync(append, cancellationToken);
        await using var registration = cancellationToken.Register(
            () => append.Cancel(cancellationToken));
        await append.Task;
    }

    protected override Exception? TryCommit(IReadOnlyList<Append> group)
    {
        var isRetry = false;
        for (var races = 0; races < RaceLimit; races++)
        {
            AppendTransaction? transaction = null;
            try
            {
                using var connection = source.OpenConnection();
                transaction = new AppendTransaction(connection, group);
                if (transaction.TryRun()) return null;
            }
            catch (Exception failure)
            {
                // What may have been committed is never written again: its caller is told that it
                // failed, and looks.
                var isOver = isRetry || transaction?.IsCommitting == true;
                if (isOver || !PostgresFailure.IsLostConnection(failure)) return failure;
                isRetry = true;
                source.Clear();
            }
        }
        return new StoreException(
            $"store {Store}: others make the same streams all the time; nothing was written");
    }

    protected override bool MayBeOneOfThem(Exception failure) =>
        PostgresFailure.IsOfItsData(failure);

    protected override StoreException Explain(Exception failure) =>
        PostgresFailure.ToStoreException(Store, failure);
}

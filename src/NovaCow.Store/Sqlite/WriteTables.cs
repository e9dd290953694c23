namespace NovaCow.Store.Sqlite;

/// <summary>What a change may touch while its group's transaction is open.</summary>
internal sealed class WriteTables : IDisposable
{
    public WriteTables(Database database)
    {
        Leases = new LeaseTable(database);
        Journal = new JournalTables(database, Leases);
    }

    public LeaseTable Leases { get; }

    public JournalTables Journal { get; }

    public void Dispose()
    {
        Journal.Dispose();
        Leases.Dispose();
    }
}

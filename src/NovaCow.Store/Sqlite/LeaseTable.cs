using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Sqlite;

/// <summary>
/// Who leads, by the clock that SQLite reads while it holds the write lock; and whether a write's
/// leadership is still the newest. Used within the transaction of a group only.
/// </summary>
internal sealed class LeaseTable(Database database) : IDisposable
{
    /// <summary>Milliseconds since 1970: the only clock that leases know.</summary>
    public const string Now = "CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER)";

    public const string SelectByName =
        $"SELECT holder, address, epoch, expires_at_ms - {Now} FROM lease WHERE name = ?1";

    private readonly Statement _epoch =
        database.Prepare("SELECT epoch FROM lease WHERE name = ?1");

    private readonly Statement _select = database.Prepare(SelectByName);

    private readonly Statement _acquire = database.Prepare(
        "INSERT INTO lease (name, holder, address, epoch, expires_at_ms) "
        + $"VALUES (?1, ?2, ?3, 1, {Now} + ?4) "
        + "ON CONFLICT DO UPDATE SET epoch = epoch + (holder <> ?2 OR expires_at_ms <= "
        + $"{Now}), holder = ?2, address = ?3, expires_at_ms = excluded.expires_at_ms "
        + $"WHERE holder = ?2 OR expires_at_ms <= {Now}");

    private readonly Statement _release = database.Prepare(
        "UPDATE lease SET holder = '', address = '', expires_at_ms = 0 "
        + "WHERE name = ?1 AND holder = ?2");

    /// <summary>Throws unless the fence is null or its epoch is the newest of its lease.</summary>
    public void Check(Fence? fence, string persistenceId)
    {
        if (fence is not { } wanted) return;
        var epoch = _epoch.Bind(0, wanted.LeaseName).Run() ?? 0;
        if (epoch == wanted.Epoch) return;
        throw Refusals.Fenced(persistenceId, wanted, epoch);
    }

    public Lease Acquire(LeaseRequest request)
    {
        _acquire.Bind(0, request.Name).Bind(1, request.Holder).Bind(2, request.Address)
            .Bind(3, (long)Math.Ceiling(request.TimeToLive.TotalMilliseconds)).Run();
        return Read(_select, request.Name)!;
    }

    public bool Release(string name, string holder)
    {
        _release.Bind(0, name).Bind(1, holder).Run();
        return true;
    }

    /// <summary>Reads a lease by a statement made of <see cref="SelectByName"/>.</summary>
    public static Lease? Read(Statement select, string name)
    {
        try
        {
            return select.Bind(0, name).Step()
                ? new Lease(
                    name,
                    Holder: select.Text(0),
                    Address: select.Text(1),
                    Epoch: select.Number(2),
                    Remaining: TimeSpan.FromMilliseconds(select.Number(3)))
                : null;
        }
        finally
        {
            select.Reset();
        }
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])[_epoch, _select, _acquire, _release])
            statement.Dispose();
    }
}

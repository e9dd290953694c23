using NovaCow.Node.Settings;
using NovaCow.Runtime.Persistence;
using NovaCow.Store.Postgres;
using NovaCow.Store.Sqlite;

namespace NovaCow.Node.Wiring;

/// <summary>The one place that knows which engines there are.</summary>
public static class Stores
{
    /// <summary>Opens a store; a SQLite file is made if needed.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public static async Task<IStore> OpenAsync(
        StoreSettings settings, CancellationToken cancellationToken = default) => settings switch
    {
        StoreSettings.Sqlite { File: var file } =>
            await SqliteStore.OpenAsync(file, cancellationToken),
        StoreSettings.Postgres { Options: var options } =>
            await PostgresStore.OpenAsync(options, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(settings)),
    };
}

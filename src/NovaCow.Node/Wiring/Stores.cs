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

    /// <summary>Opens a store for an operator's tool.</summary>
    /// <param name="settings">The store.</param>
    /// <param name="mayMake">Whether a SQLite file is made if needed.</param>
    /// <param name="cancellationToken">Takes it back.</param>
    /// <exception cref="StoreException">It cannot be used, or is not there.</exception>
    public static async Task<IStoreAdministration> OpenForOperatorAsync(
        StoreSettings settings, bool mayMake, CancellationToken cancellationToken)
    {
        if (!mayMake && settings is StoreSettings.Sqlite { File: var file } && !File.Exists(file))
            throw new StoreException($"store {file}: there is no such file");
        return (IStoreAdministration)await OpenAsync(settings, cancellationToken);
    }

    /// <summary>Makes the tables of a store or brings them up to date.</summary>
    /// <returns>A sentence about what was done.</returns>
    /// <exception cref="StoreException">It cannot be used, or is newer.</exception>
    public static async Task<string> MigrateAsync(
        StoreSettings settings, CancellationToken cancellationToken)
    {
        if (settings is not StoreSettings.Postgres { Options: var options })
        {
            await using var opened = await OpenAsync(settings, cancellationToken);
            return $"store {settings}: it is up to date, as a file always is once it was opened";
        }
        var (before, now) = await PostgresStore.MigrateAsync(options, cancellationToken);
        var what = before == now
            ? $"its schema is version {now} already"
            : $"its schema is version {now} now, it was {before}";
        return $"store {settings}: {what}"
            + (options.Role is { } role ? $"; role {role} may read and write its rows" : "");
    }
}

using NovaCow.Store.Postgres;
using NovaCow.Store.Tests.Postgres;
using NovaCow.Testing.Postgres;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace NovaCow.Store.Tests.Postgres;

/// <summary>The server that the tests of this assembly share; each makes databases of its own.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static int s_databases;

    private readonly Lazy<Task<PrivatePostgres>> _server = new(PrivatePostgres.StartAsync);

    /// <summary>The server; skips the test where there can be none.</summary>
    public Task<PrivatePostgres> StartedAsync()
    {
        Assert.SkipWhen(PrivatePostgres.Unavailable is not null, PrivatePostgres.Unavailable ?? "");
        return _server.Value;
    }

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its URL.</returns>
    public async Task<string> NewDatabaseAsync()
    {
        var server = await StartedAsync();
        return await server.CreateDatabaseAsync($"db{Interlocked.Increment(ref s_databases)}");
    }

    /// <summary>Makes a database with the tables of a store.</summary>
    public async Task<PostgresOptions> NewStoreAsync()
    {
        var options = Options(await NewDatabaseAsync());
        await PostgresStore.MigrateAsync(options, TestContext.Current.CancellationToken);
        return options;
    }

    public static PostgresOptions Options(string url)
    {
        Assert.True(PostgresAddress.TryParse(url, out var address, out var problem), problem);
        return new PostgresOptions { Address = address! };
    }

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated) await (await _server.Value).DisposeAsync();
    }
}

using NovaCow.Nemesis.Network;
using NovaCow.Nemesis.Schedules;
using NovaCow.Runtime.Persistence;
using NovaCow.Store.Postgres;
using NovaCow.Store.Sqlite;
using NovaCow.Testing.Postgres;

namespace NovaCow.Nemesis.Fleet;

/// <summary>What the control nodes of a fleet share.</summary>
internal interface IStoreEngine : IAsyncDisposable
{
    /// <summary>Whether it is a server, which can be lost.</summary>
    bool IsServer { get; }

    /// <summary>The value of novacow.control.store.</summary>
    string SettingOn(INetwork network);

    /// <summary>Opens it for this program, past the network.</summary>
    Task<IStore> OpenAsync();

    Task LoseAsync(bool isKilled);

    Task ReturnAsync();
}

/// <summary>One file on this machine.</summary>
internal sealed class SqliteEngine(string folder) : IStoreEngine
{
    private readonly string _path = Path.Combine(folder, "control.db");

    public bool IsServer => false;

    public string SettingOn(INetwork network) => _path;

    public async Task<IStore> OpenAsync() => await SqliteStore.OpenAsync(_path);

    public Task LoseAsync(bool isKilled) => Task.CompletedTask;

    public Task ReturnAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A PostgreSQL server of this program's own.</summary>
internal sealed class PostgresEngine : IStoreEngine
{
    private const string Database = "novacow";
    private readonly PrivatePostgres _server;

    private PostgresEngine(PrivatePostgres server) => _server = server;

    public bool IsServer => true;

    public static async Task<IStoreEngine> StartAsync()
    {
        var server = await PrivatePostgres.StartAsync();
        try
        {
            await server.CreateDatabaseAsync(Database);
            var engine = new PostgresEngine(server);
            await PostgresStore.MigrateAsync(engine.Options);
            return engine;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public string SettingOn(INetwork network) =>
        $"postgresql://{PrivatePostgres.Owner}@{network.Expose(Parts.Database, _server.Port)}/{Database}";

    public async Task<IStore> OpenAsync() => await PostgresStore.OpenAsync(Options);

    public Task LoseAsync(bool isKilled) => isKilled ? _server.KillAsync() : _server.StopAsync();

    public Task ReturnAsync() => _server.RestartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private PostgresOptions Options =>
        PostgresAddress.TryParse(_server.Url(Database), out var address, out var problem)
            ? new PostgresOptions { Address = address! }
            : throw new InvalidOperationException(problem);
}

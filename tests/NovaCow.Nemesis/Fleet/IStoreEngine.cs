using NovaCow.Nemesis.Network;
using NovaCow.Runtime.Persistence;
using NovaCow.Store.Sqlite;

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

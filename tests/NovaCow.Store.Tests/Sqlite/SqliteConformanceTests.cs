using NovaCow.Runtime.Persistence;
using NovaCow.Store.Sqlite;

namespace NovaCow.Store.Tests.Sqlite;

public sealed class SqliteConformanceTests : StoreConformance
{
    private readonly ScratchFolder _folder = new();

    protected override async Task<IStore> OpenAsync() =>
        await SqliteStore.OpenAsync(_folder.File("store.db"), Cancelled);

    protected override ValueTask CleanUpAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

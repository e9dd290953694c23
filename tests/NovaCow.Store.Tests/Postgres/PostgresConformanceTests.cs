using NovaCow.Runtime.Persistence;
using NovaCow.Store.Postgres;

namespace NovaCow.Store.Tests.Postgres;

public sealed class PostgresConformanceTests(PostgresServer server) : StoreConformance
{
    private PostgresOptions? _options;

    protected override async Task<IStore> OpenAsync()
    {
        _options ??= await server.NewStoreAsync();
        return await PostgresStore.OpenAsync(_options, Cancelled);
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;
using NovaCow.Node.Settings;
using NovaCow.Node.Wiring;
using NovaCow.Runtime.Persistence;
using NovaCow.Testing.Postgres;

namespace NovaCow.Benchmarks.Node;

/// <summary>Three control nodes with default times, each a process, and the store they share.
/// </summary>
internal sealed class ControlTrio : IAsyncDisposable
{
    public const string Image = "disk";

    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private readonly string _folder = BenchmarkFolder.Create([]);
    private readonly Dictionary<string, NodeProcess> _processes = [];
    private readonly Dictionary<string, NovaCowClient> _clients = [];
    private string _storeName = "";
    private IStore _store = null!;

    private ControlTrio()
    {
    }

    public IReadOnlyCollection<string> Names => _clients.Keys;

    /// <summary>From the start of the first to the last one's first 200 at /readyz.</summary>
    public TimeSpan FormedAfter { get; private set; }

    public static async Task<ControlTrio> StartAsync(PrivatePostgres? postgres, string name)
    {
        var trio = new ControlTrio();
        try
        {
            trio._storeName = postgres is null
                ? Path.Combine(trio._folder, "control.db")
                : await postgres.CreateDatabaseAsync(name);
            var access = new StoreAccess(null, Migrate: true, null);
            if (!StoreSettings.TryParse(trio._storeName, access, out var store, out var problem))
                throw new InvalidOperationException(problem);
            trio._store = await Stores.OpenAsync(store!);
            await trio.FormAsync();
            return trio;
        }
        catch
        {
            await trio.DisposeAsync();
            throw;
        }
    }

    public NodeProcess Process(string name) => _processes[name];

    public NovaCowClient Client(string name) => _clients[name];

    /// <summary>Registers the image that launches name; no host ever fetches it.</summary>
    public async Task RegisterAsync()
    {
        var path = Path.Combine(_folder, "disk.raw");
        await File.WriteAllBytesAsync(path, new byte[1 << 20]);
        await _clients.Values.First().RegisterImageAsync(
            new RegisterImageRequest { Name = Image, Source = path }, default);
    }

    public async Task<string> LeaderAsync()
    {
        while (true)
        {
            if (await _store.ReadLeaseAsync("scheduler", default) is { Holder.Length: > 0 } lease)
                return lease.Holder.Split('/')[0];
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>Ends what is left of a process and starts another of its name.</summary>
    public async Task RestartAsync(string name)
    {
        await _processes[name].DisposeAsync();
        Start(name);
        await UntilReadyAsync(name);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes.Values)
            await process.DisposeAsync();
        foreach (var client in _clients.Values)
            client.Dispose();
        if (_store is not null)
            await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task FormAsync()
    {
        string[] names = ["control-1", "control-2", "control-3"];
        foreach (var name in names)
            _clients[name] = new NovaCowClient(new Uri($"http://127.0.0.1:{FreePort()}"));
        var clock = Stopwatch.StartNew();
        foreach (var name in names)
            Start(name);
        await Task.WhenAll(names.Select(UntilReadyAsync));
        FormedAfter = clock.Elapsed;
    }

    private void Start(string name) => _processes[name] = NodeProcess.Start(
    [
        "novacow.roles=[control]",
        $"novacow.name={name}",
        $"novacow.data={JsonSerializer.Serialize(Path.Combine(_folder, name))}",
        $"novacow.control.store={JsonSerializer.Serialize(_storeName)}",
        $"novacow.api.listen=\"{_clients[name].Address}\"",
        $"novacow.images.file.roots=[{JsonSerializer.Serialize(_folder)}]",
        "novacow.log-level=warning",
    ]);

    private async Task UntilReadyAsync(string name)
    {
        var clock = Stopwatch.StartNew();
        while (!await _clients[name].IsReadyAsync(CancellationToken.None))
        {
            if (clock.Elapsed > ReadyWithin)
                throw new InvalidOperationException($"{name}: {_processes[name].Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.Text.Json;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;
using NovaCow.Nemesis.Network;
using NovaCow.Nemesis.Schedules;

namespace NovaCow.Nemesis.Fleet;

/// <summary>Real control nodes, hosts and their store, each a process of this program, with their
/// files in one temporary folder. It ends and removes all of it.</summary>
internal sealed class TestFleet : IAsyncDisposable
{
    /// <summary>How long a leader that is not heard keeps its lease.</summary>
    public const string Lease = "2s";

    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(4);
    private readonly Dictionary<string, FleetNode> _nodes = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("novacow-nemesis-");
    private readonly FleetShape _shape;
    private readonly Dictionary<string, string> _digests = [];
    private SmallDisk? _small;

    private TestFleet(FleetShape shape, INetwork network, Timeline timeline) =>
        (_shape, Network, Timeline) = (shape, network, timeline);

    public INetwork Network { get; }

    public Timeline Timeline { get; }

    public IStoreEngine Store { get; private set; } = null!;

    public ImageServer Images { get; private set; } = null!;

    public IEnumerable<string> Controls =>
        Enumerable.Range(1, _shape.Controls).Select(Parts.Control);

    public IEnumerable<string> Hosts => Enumerable.Range(1, _shape.Hosts).Select(Parts.Host);

    public IReadOnlyCollection<FleetNode> Nodes => _nodes.Values;

    public FleetNode Node(string name) => _nodes[name];

    public SmallDisk SmallDisk => _small ?? throw new InvalidOperationException("none was made");

    public static async Task<TestFleet> StartAsync(
        FleetShape shape,
        INetwork network,
        Func<string, Task<IStoreEngine>> makeStore,
        CancellationToken ct)
    {
        var fleet = new TestFleet(shape, network, new Timeline());
        try
        {
            fleet.Store = await makeStore(fleet._folder.FullName);
            await fleet.StartAsync(ct);
            return fleet;
        }
        catch (NotHealedException e)
        {
            var logs = string.Concat(fleet.Nodes.Select(n => $"\n--- {n.Name}\n{n.Log}"));
            await fleet.DisposeAsync();
            throw new NotHealedException($"before any fault: {e.Message}{logs}");
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public string StoreOf(string host) => host == _shape.SmallHost
        ? SmallDisk.Store
        : Path.Combine(_folder.FullName, host, "store");

    /// <summary>Waits until all nodes serve and all hosts are counted on.</summary>
    public async Task UntilReadyAsync(CancellationToken ct)
    {
        foreach (var node in _nodes.Keys)
        {
            using var client = new NovaCowClient(Network.ListenOf(node));
            var wrong = await Patience.UntilAsync(
                async () => await IsReadyAsync(client, ct) ? null : $"{node} does not serve",
                ReadyWithin,
                ct);
            if (wrong is not null)
                throw new NotHealedException(wrong);
        }
    }

    /// <summary>Writes what every process said into a folder.</summary>
    public async Task KeepLogsAsync(string folder)
    {
        foreach (var node in _nodes.Values)
            await File.WriteAllTextAsync(Path.Combine(folder, $"{node.Name}.log"), node.Log);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.Values)
            await node.DisposeAsync();
        if (Images is not null)
            await Images.DisposeAsync();
        if (Store is not null)
            await Store.DisposeAsync();
        await Network.DisposeAsync();
        if (_small is not null)
            await _small.DisposeAsync();
        await NodeFolder.RemoveAsync(_folder.FullName);
    }

    private async Task StartAsync(CancellationToken ct)
    {
        if (_shape.SmallHost is not null)
            _small = await SmallDisk.MakeAsync();
        Images = await ImageServer.StartAsync(_folder.FullName, Network.Here, Timeline);
        Images.WhoIs = Network.WhoIs;
        Images.HasBase = HasBase;
        foreach (var name in Controls.Concat(Hosts))
            (_nodes[name] = new FleetNode(name, () => StartProcess(name))).Start();
        await UntilReadyAsync(ct);
        using var client = new NovaCowClient(Network.ListenOf(Controls.First()));
        foreach (var name in Images.Images)
        {
            var image = await client.RegisterImageAsync(
                new RegisterImageRequest { Name = name, Source = $"{Images.Url}{name}" }, ct);
            _digests[name] = image.Digest;
        }
    }

    private static async Task<bool> IsReadyAsync(NovaCowClient client, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            return await client.IsReadyAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private bool HasBase(string node, string image) =>
        _digests.TryGetValue(image, out var digest) && Hosts.Contains(node)
        && File.Exists(Path.Combine(
            StoreOf(node), "bases", digest.Replace(':', '-'), "base.json"));

    private NodeProcess StartProcess(string name)
    {
        var data = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(data);
        var isHost = Hosts.Contains(name);
        var seeds = Controls.Select(c => Quoted(Network.AddressOf(c)));
        var process = NodeProcess.Start(
            [
                $"novacow.roles=[{(isHost ? "host" : "control")}]",
                $"novacow.name={name}",
                $"novacow.data={Quoted(data)}",
                $"novacow.api.listen={Quoted(Network.ListenOf(name))}",
                $"novacow.api.advertise={Quoted(Network.AddressOf(name))}",
                $"novacow.control.store={Quoted(Store.SettingOn(Network))}",
                $"novacow.control.lease={Lease}",
                "novacow.control.host-grace=2s",
                "novacow.control.overcommit.disk=1000",
                $"novacow.host.seeds=[{string.Join(',', seeds)}]",
                .. isHost ? [$"novacow.host.store={Quoted(StoreOf(name))}"] : Array.Empty<string>(),
                "novacow.host.vcpus=64",
                "novacow.host.memory=256GiB",
                "novacow.host.reserve=0",
                "novacow.host.report=1s",
                """
                novacow.flavors."small" {
                  vcpus = 1, memory = 64MiB, root = 8MiB, swap = 1MiB
                  ephemeral = [{ size = 4MiB, fs = raw }]
                }
                """,
            ],
            under: Network.RunUnder(name));
        Network.Started(name, process.Id);
        return process;
    }

    private static string Quoted(object text) => JsonSerializer.Serialize(text.ToString());
}

/// <summary>A fleet did not come back, though everything that was done to it was undone.</summary>
internal sealed class NotHealedException(string message) : Exception(message);

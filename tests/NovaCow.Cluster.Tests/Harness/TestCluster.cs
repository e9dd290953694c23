using System.Text.Json;
using NovaCow.Cli;
using NovaCow.Client;
using NovaCow.Node.Settings;
using NovaCow.Node.Wiring;
using NovaCow.Runtime.Persistence;
using NovaCow.Security;

namespace NovaCow.Cluster.Tests.Harness;

/// <summary>Real nodes on loopback, with their stores in a temporary folder; what the control nodes
/// share is a file there, or a database.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly Dictionary<string, NodeProcess> _nodes = [];
    private readonly Dictionary<string, int> _ports = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("novacow-cluster-");

    private readonly bool _isSecure;
    private readonly CredentialPaths? _operator;

    /// <param name="isSecure">Whether all of it speaks TLS; then every node needs a certificate.
    /// </param>
    public TestCluster(bool isSecure = false)
    {
        _isSecure = isSecure;
        Authority = new TestAuthority(Path.Combine(Folder, "tls"));
        _operator = isSecure ? Authority.Issue(ClusterRole.Operator, "tester") : null;
        Client = Connect("control");
    }

    /// <summary>Whom the cluster trusts, if it speaks TLS.</summary>
    public TestAuthority Authority { get; }

    /// <summary>The lease where leaders are killed: soon over, and yet renewed in time by one that
    /// has to wait for its disk.</summary>
    public const string ShortLease = "novacow.control.lease=4s";

    /// <summary>Settings that every node gets beside its own; the later one counts. The lease is one
    /// that nobody loses on a busy machine.</summary>
    public List<string> Settings { get; } =
    [
        "novacow.control.host-grace=2s",
        "novacow.control.lease=12s",
        "novacow.host.vcpus=64",
        "novacow.host.memory=256GiB",
        "novacow.host.reserve=0",
        "novacow.host.report=500ms",
        "novacow.control.overcommit.disk=1000",
    ];

    /// <summary>The API of the node named control.</summary>
    public NovaCowClient Client { get; }

    public string Folder => _folder.FullName;

    /// <summary>The database that the control nodes share; null: a file.</summary>
    public string? Database { get; init; }

    private string ControlStore => Database ?? Path.Combine(Folder, "control.db");

    public Uri Address(string name)
    {
        if (!_ports.TryGetValue(name, out var port))
            _ports[name] = port = FreePort.Take();
        return new Uri($"{(_isSecure ? "https" : "http")}://127.0.0.1:{port}");
    }

    /// <summary>A client of one node.</summary>
    public NovaCowClient Connect(string name) => _operator is null
        ? new NovaCowClient(Address(name)) : TestAuthority.Client(Address(name), _operator);

    public string StoreOf(string host) => Path.Combine(Folder, host, "store");

    public NodeProcess Node(string name) => _nodes[name];

    /// <summary>Starts a control node; all of them share one store.</summary>
    public async Task StartControlAsync(string name = "control")
    {
        Start(name, "control", [.. Settings, .. Certificates(ClusterRole.Control, name)]);
        using var client = Connect(name);
        await Eventually.TrueAsync(
            $"{name} is ready", () => client.IsReadyAsync(CancellationToken.None), Logs);
    }

    /// <summary>Starts a host and waits until the scheduler counts on it.</summary>
    /// <param name="name">The host.</param>
    /// <param name="settings">Its own, beside those of all.</param>
    public async Task StartHostAsync(string name, params IEnumerable<string> settings)
    {
        Start(name, "host", [.. Settings, .. settings, .. Certificates(ClusterRole.Host, name)]);
        await UntilHostIsAsync(name, "up");
    }

    /// <summary>Starts control nodes at the same time, and waits until all of them serve.</summary>
    public async Task StartControlsAsync(params string[] names)
    {
        // Those that start know the addresses of all.
        foreach (var name in names)
            Address(name);
        await Task.WhenAll(names.Select(name => StartControlAsync(name)));
    }

    /// <summary>The control node that holds the lease, other than those that are known not to.
    /// </summary>
    public async Task<string> LeaderAsync(params string[] notThese)
    {
        await using var store = await OpenStoreAsync();
        string? leader = null;
        await Eventually.TrueAsync(
            "somebody leads",
            async () =>
            {
                var lease = await store.ReadLeaseAsync("scheduler", default);
                leader = lease?.Remaining > TimeSpan.Zero ? lease.Holder.Split('/')[0] : null;
                return !string.IsNullOrEmpty(leader) && !notThese.Contains(leader);
            },
            Logs);
        return leader!;
    }

    /// <summary>The store that the control nodes share.</summary>
    public Task<IStore> OpenStoreAsync() =>
        StoreSettings.TryParse(
            ControlStore, new StoreAccess(null, Migrate: true, null), out var store, out var problem)
            ? Stores.OpenAsync(store!)
            : throw new InvalidOperationException(problem);

    public Task UntilHostIsAsync(string name, string state) => Eventually.TrueAsync(
        $"{name} is {state}",
        async () => (await Client.ListHostsAsync(default)).Items
            .Any(h => h.Name == name && h.State == state),
        Logs);

    /// <summary>Starts a node without waiting for anything.</summary>
    public NodeProcess Start(string name, string role, IEnumerable<string> settings)
    {
        var data = Path.Combine(Folder, name);
        Directory.CreateDirectory(data);
        var seeds = _ports.Keys.Where(n => n.StartsWith("control", StringComparison.Ordinal))
            .Select(n => Quoted(Address(n).ToString()));
        return _nodes[name] = NodeProcess.Start(
        [
            $"novacow.roles=[{role}]",
            $"novacow.name={Quoted(name)}",
            $"novacow.data={Quoted(data)}",
            $"novacow.control.store={Quoted(ControlStore)}",
            $"novacow.api.listen={Quoted(Address(name).ToString())}",
            $"novacow.host.seeds=[{string.Join(',', seeds)}]",
            $"novacow.images.file.roots=[{Quoted(Folder)}]",
            .. settings,
        ]);
    }

    /// <summary>Starts a node from its own configuration file.</summary>
    public NodeProcess StartFrom(string name, string file)
    {
        var data = Path.Combine(Folder, name);
        Directory.CreateDirectory(data);
        return _nodes[name] = NodeProcess.Start(
            [$"novacow.data={Quoted(data)}", .. Settings], file);
    }

    public async Task<IReadOnlyList<InstanceResource>> LaunchAsync(
        string prefix, int count, TimeSpan? wait, string image = "disk", string flavor = "m1.tiny")
    {
        var request = new LaunchRequest
        {
            Image = image,
            Flavor = flavor,
            Ids = [.. Enumerable.Range(1, count).Select(i => $"{prefix}-{i}")],
        };
        return (await Client.LaunchAsync(request, wait, default)).Instances;
    }

    public async Task<IReadOnlyList<InstanceResource>> InstancesAsync() =>
        (await Client.ListInstancesAsync(null, 1000, default)).Items;

    public Task<IReadOnlyList<InstanceResource>> UntilAllAreAsync(string state, int count) =>
        Eventually.HoldsAsync(
            $"{count} instances are {state}",
            InstancesAsync,
            all => all.Count == count && all.All(i => i.State == state),
            Logs);

    /// <summary>
    /// What must hold of every cluster that is at rest: each active instance has its record on its
    /// host and on no other, and no host has anything else.
    /// </summary>
    public async Task DisksAreAsTheSchedulerSaysAsync(params string[] hosts)
    {
        var instances = await InstancesAsync();
        foreach (var host in hosts)
        {
            var expected = instances.Where(i => i.Host == host).Select(i => i.Id).Order();
            await Eventually.HoldsAsync(
                $"{host} has the disks of its instances and no others",
                () => Task.FromResult<string[]>([.. OnDisk(host).Order()]),
                onDisk => onDisk.SequenceEqual(expected),
                Logs);
        }

        foreach (var disk in instances.SelectMany(i => i.Disks))
            Assert.True(File.Exists(disk.Path), $"{disk.Path} is missing");
    }

    /// <summary>The ids of the folders in the host's store.</summary>
    public IEnumerable<string> OnDisk(string host) =>
        Directory.EnumerateDirectories(Path.Combine(StoreOf(host), "instances"))
            .Select(path => Path.GetFileName(path)!);

    /// <summary>Runs a command against the node named control, which has to succeed.</summary>
    /// <returns>What it prints.</returns>
    public async Task<string> CliAsync(params string[] args)
    {
        var (exit, output, error) = await TryCliAsync(args);
        Assert.True(
            exit == ExitCode.Success,
            $"novacow {string.Join(' ', args)}: {exit}\n{output}{error}{Logs()}");
        return output;
    }

    /// <summary>Runs a command against the node named control.</summary>
    public async Task<(int Exit, string Output, string Error)> TryCliAsync(params string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exit = await CommandLine.RunAsync(
            [.. args, "--api", Client.Address.ToString()], output, error);
        return (exit, output.ToString(), error.ToString());
    }

    public string Logs() => string.Concat(_nodes.Select(
        n => $"\n--- {n.Key}\n" + string.Join('\n', n.Value.Output.Split('\n').TakeLast(40))));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Authority.Dispose();
        foreach (var node in _nodes.Values)
            await node.DisposeAsync();
        await NodeFolder.RemoveAsync(Folder);
    }

    private IEnumerable<string> Certificates(ClusterRole role, string name) => !_isSecure
        ? []
        : [.. TestAuthority.Settings(Authority.Issue(role, name)),
            $"novacow.tls.authority-key={Quoted(Authority.KeyFile())}"];

    private static string Quoted(string text) => JsonSerializer.Serialize(text);
}

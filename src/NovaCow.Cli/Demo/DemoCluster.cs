using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NovaCow.Client;

namespace NovaCow.Cli.Demo;

/// <summary>
/// A control node and hosts as processes of their own on this machine. It ends only processes that
/// it started.
/// </summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    private const string AnyPort = "http://127.0.0.1:0";
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly List<Process> _processes = [];
    private readonly DemoSetup _setup;

    private DemoCluster(DemoSetup setup, Uri api)
    {
        _setup = setup;
        Api = api;
        Client = new NovaCowClient(api);
    }

    public Uri Api { get; }

    public NovaCowClient Client { get; }

    /// <summary>Leave the processes running when this object goes.</summary>
    public bool Keep { get; set; }

    public IEnumerable<int> ProcessIds => _processes.Select(p => p.Id);

    /// <summary>The host's store on this machine's disk.</summary>
    public string StoreOf(string host) => Path.Combine(_setup.Folder, host, "store");

    /// <summary>Starts it and waits for its hosts, but for the one that runs machines: that tries
    /// what its hypervisor can do first.</summary>
    public static async Task<DemoCluster> StartAsync(DemoSetup setup, CancellationToken ct)
    {
        var cluster = new DemoCluster(setup, new Uri($"http://127.0.0.1:{FreePort()}"));
        try
        {
            cluster.Start(
                "control", "control", cluster.Api.ToString(), DemoMachines.FlavorSettings);
            await cluster.UntilAsync(cluster.Client.IsReadyAsync, "the control node", ct);
            string[] names = [.. Enumerable.Range(1, setup.Hosts).Select(i => $"host-{i}")];
            foreach (var name in names)
                cluster.Start(name, "host", AnyPort);
            if (setup.Libvirt is { } uri)
                cluster.Start(DemoMachines.Host, "host", AnyPort, Hocon.Libvirt(uri));
            await cluster.AreUpAsync(names, ct);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until hosts are up.</summary>
    /// <exception cref="CliException">One ended, or is not up in time.</exception>
    public Task AreUpAsync(IReadOnlyCollection<string> hosts, CancellationToken ct) => UntilAsync(
        async c => (await Client.ListHostsAsync(c)).Items
            .Where(h => h.State == "up").Select(h => h.Name).Intersect(hosts).Count()
            == hosts.Count,
        string.Join(", ", hosts),
        ct);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (Keep)
            return;
        foreach (var process in _processes)
            Signal(process, "TERM");
        foreach (var process in _processes)
        {
            using var patience = new CancellationTokenSource(StopWithin);
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
            }

            process.Dispose();
        }
    }

    private void Start(string name, string role, string listen, params string[] more)
    {
        var data = Path.Combine(_setup.Folder, name);
        Directory.CreateDirectory(data);
        string[] settings =
        [
            $"novacow.roles=[{role}]",
            $"novacow.name={Hocon.Quoted(name)}",
            $"novacow.data={Hocon.Quoted(data)}",
            $"novacow.api.listen={Hocon.Quoted(listen)}",
            $"novacow.host.seeds=[{Hocon.Quoted(Api.ToString())}]",
            $"novacow.images.file.roots=[{Hocon.Quoted(_setup.ImageFolder)}]",
            // Few machines are booted, so a host may offer more than this machine has.
            "novacow.host.vcpus=16",
            "novacow.host.memory=64GiB",
            .. more,
        ];

        // Of another session than the terminal's: Ctrl-C is for the demo, which ends machines
        // first.
        var start = new ProcessStartInfo("setsid") { UseShellExecute = false };
        start.ArgumentList.Add(Environment.ProcessPath!);
        start.ArgumentList.Add("node");
        start.ArgumentList.Add("--log-file");
        start.ArgumentList.Add(Path.Combine(data, "node.log"));
        foreach (var setting in settings)
        {
            start.ArgumentList.Add("--set");
            start.ArgumentList.Add(setting);
        }

        _processes.Add(Process.Start(start)!);
    }

    private async Task UntilAsync(
        Func<CancellationToken, Task<bool>> condition, string what, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition(ct))
        {
            if (_processes.Find(p => p.HasExited) is { } gone)
            {
                throw new CliException(
                    ExitCode.Failed,
                    $"a node ended with exit code {gone.ExitCode}; "
                    + $"its log is below {_setup.Folder}");
            }

            if (clock.Elapsed > ReadyWithin)
            {
                throw new CliException(
                    ExitCode.TryAgain,
                    $"{what}: not ready after {ReadyWithin.TotalSeconds} s; logs are below {_setup.Folder}");
            }

            await Task.Delay(Poll, ct);
        }
    }

    private static void Signal(Process process, string signal)
    {
        if (process.HasExited)
            return;
        using var kill = Process.Start("kill", ["-s", signal, process.Id.ToString()]);
        kill.WaitForExit();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

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
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly List<Process> _processes = [];
    private readonly string _folder;

    private DemoCluster(string folder, Uri api)
    {
        _folder = folder;
        Api = api;
        Client = new NovaCowClient(api);
    }

    public Uri Api { get; }

    public NovaCowClient Client { get; }

    /// <summary>Leave the processes running when this object goes.</summary>
    public bool Keep { get; set; }

    public IEnumerable<int> ProcessIds => _processes.Select(p => p.Id);

    /// <summary>The host's store on this machine's disk.</summary>
    public string StoreOf(string host) => Path.Combine(_folder, host, "store");

    public static async Task<DemoCluster> StartAsync(
        string folder, int hosts, string imageFolder, CancellationToken ct)
    {
        var cluster = new DemoCluster(folder, new Uri($"http://127.0.0.1:{FreePort()}"));
        try
        {
            cluster.Start("control", "control", cluster.Api.ToString(), imageFolder);
            await cluster.UntilAsync(cluster.Client.IsReadyAsync, "the control node", ct);
            for (var i = 1; i <= hosts; i++)
                cluster.Start($"host-{i}", "host", "http://127.0.0.1:0", imageFolder);
            await cluster.UntilAsync(
                async c => (await cluster.Client.ListHostsAsync(c)).Items.Count(
                    h => h.State == "up") == hosts,
                $"{hosts} hosts",
                ct);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

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

    private void Start(string name, string role, string listen, string imageFolder)
    {
        var data = Path.Combine(_folder, name);
        Directory.CreateDirectory(data);
        string[] settings =
        [
            $"novacow.roles=[{role}]",
            $"novacow.name={Hocon.Quoted(name)}",
            $"novacow.data={Hocon.Quoted(data)}",
            $"novacow.api.listen={Hocon.Quoted(listen)}",
            $"novacow.host.seeds=[{Hocon.Quoted(Api.ToString())}]",
            $"novacow.images.file.roots=[{Hocon.Quoted(imageFolder)}]",
            // No machine is booted, so a host may offer more than this machine has.
            "novacow.host.vcpus=16",
            "novacow.host.memory=64GiB",
        ];
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false };
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
                    $"a node ended with exit code {gone.ExitCode}; its log is below {_folder}");
            }

            if (clock.Elapsed > ReadyWithin)
            {
                throw new CliException(
                    ExitCode.TryAgain,
                    $"{what}: not ready after {ReadyWithin.TotalSeconds} s; logs are below {_folder}");
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

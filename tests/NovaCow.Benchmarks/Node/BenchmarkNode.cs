using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using NovaCow.Client;

namespace NovaCow.Benchmarks.Node;

/// <summary>One novacowd with both roles and the embedded store, in a process of its own.</summary>
internal sealed class BenchmarkNode : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(30);
    private readonly Process _process;

    private BenchmarkNode(Process process, NovaCowClient client, TimeSpan readyAfter)
    {
        _process = process;
        Client = client;
        ReadyAfter = readyAfter;
    }

    public NovaCowClient Client { get; }

    /// <summary>From the process's start to its first 200 at /readyz.</summary>
    public TimeSpan ReadyAfter { get; }

    public static async Task<BenchmarkNode> StartAsync(string folder)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "novacowd"))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        string[] settings =
        [
            "novacow.name=bench",
            $"novacow.data={JsonSerializer.Serialize(folder)}",
            $"novacow.api.listen=\"{address}\"",
            $"novacow.images.file.roots=[{JsonSerializer.Serialize(folder)}]",
            "novacow.log-level=warning",
            "novacow.host.vcpus=100000",
            "novacow.host.memory=100TiB",
            "novacow.control.overcommit.disk=1000",
        ];

        // A killed runtime leaves the pipes of its debugger behind.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var setting in settings)
        {
            start.ArgumentList.Add("--set");
            start.ArgumentList.Add(setting);
        }

        var clock = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) => Console.Error.WriteLine(e.Data);
        process.BeginOutputReadLine();
        var client = new NovaCowClient(address);
        while (!await client.IsReadyAsync(CancellationToken.None))
        {
            if (process.HasExited || clock.Elapsed > ReadyWithin)
                throw new InvalidOperationException("novacowd did not get ready");
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        return new BenchmarkNode(process, client, clock.Elapsed);
    }

    /// <summary>Memory of the process's own in bytes, as the kernel counts it.</summary>
    public long ResidentBytes()
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status")
            .First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

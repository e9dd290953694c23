using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NovaCow.Client;

namespace NovaCow.Benchmarks.Node;

/// <summary>
/// 200 launches of a cold image at once on a fresh node, beside one launch alone on another, and
/// beside curl and qemu-img by hand, with and without sha256sum beside the download; in turns.
/// </summary>
internal sealed class FirstUseBenchmark : IBenchmark
{
    private const int Launches = 200;
    private const int ImageMiB = 1024;
    private const int Rounds = 5;
    private const double Ceiling = 1.15;
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(5);

    public string Name => "first-use";

    public string About =>
        "200 launches of a cold image: one download, one conversion, and no more";

    /// <param name="args">The directory to measure in; else one below the temporary directory.
    /// </param>
    public async Task RunAsync(string[] args)
    {
        var folder = BenchmarkFolder.Create(args);
        try
        {
            await using var server = new FileServer(await MakeImageAsync(folder));

            // A block of the disk that is written for the first time is many times slower than
            // later, and so is a tool that is read for the first time.
            await ByHandAsync(folder, server, verify: true);
            await OnNodeAsync(folder, server, 1);
            List<Round> rounds = [];
            while (rounds.Count < Rounds)
            {
                rounds.Add(new Round(
                    await ByHandAsync(folder, server, verify: true),
                    await OnNodeAsync(folder, server, 1),
                    await OnNodeAsync(folder, server, Launches),
                    await ByHandAsync(folder, server, verify: false)));
                Console.WriteLine(rounds[^1]);
            }

            Print(rounds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(List<Round> rounds)
    {
        Console.WriteLine($"first use, medians of {Rounds} rounds in turns:");
        Line($"{Launches} launches ÷ one launch alone", r => r.Together / r.One, Ceiling);
        Line($"{Launches} launches ÷ by hand, verified", r => r.Together / r.ByHand, Ceiling);
        Line($"{Launches} launches ÷ by hand, unverified", r => r.Together / r.Unverified, null);

        void Line(string what, Func<Round, double> ratio, double? ceiling)
        {
            var median = rounds.Select(ratio).Order().ElementAt(Rounds / 2);
            var bound = ceiling is null ? "" : $" (ceiling {ceiling})";
            Console.WriteLine($"  {what}: {median:F2}{bound}");
        }
    }

    private static async Task<double> OnNodeAsync(string parent, FileServer server, int launches)
    {
        var folder = BenchmarkFolder.Create([parent]);
        try
        {
            await using var node = await BenchmarkNode.StartAsync(folder);
            await node.Client.RegisterImageAsync(
                new RegisterImageRequest { Name = "image", Source = server.Url }, default);
            var downloads = server.Downloads;
            var request = new LaunchRequest
            {
                Image = "image",
                Flavor = "m1.tiny",
                Ids = [.. Enumerable.Range(0, launches).Select(i => $"cold-{i}")],
            };
            await RunAsync("sync");
            var clock = Stopwatch.StartNew();
            var answer = await node.Client.LaunchAsync(request, Wait, default);
            var seconds = clock.Elapsed.TotalSeconds;
            if (answer.Instances.FirstOrDefault(i => i.State != "active") is { } bad)
                throw new InvalidOperationException($"{bad}");
            var host = (await node.Client.ListHostsAsync(default)).Items[0];
            if ((server.Downloads - downloads, host.Conversions) != (1, 1))
            {
                throw new InvalidOperationException(
                    $"{server.Downloads - downloads} downloads, {host.Conversions} conversions");
            }

            return seconds;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What a careful person types; only the result is synced.</summary>
    private static async Task<double> ByHandAsync(string folder, FileServer server, bool verify)
    {
        var (file, raw) = (Path.Combine(folder, "by-hand.qcow2"), Path.Combine(folder, "by-hand"));
        var download = verify
            ? $"curl -sf '{server.Url}' | tee '{file}' | sha256sum >/dev/null"
            : $"curl -sf '{server.Url}' -o '{file}'";
        await RunAsync("sync");
        var clock = Stopwatch.StartNew();
        await RunAsync(
            "sh",
            "-c",
            $"{download} && qemu-img convert -f qcow2 -O raw '{file}' '{raw}' && sync '{raw}'");
        var seconds = clock.Elapsed.TotalSeconds;
        File.Delete(file);
        File.Delete(raw);
        return seconds;
    }

    private static async Task<string> MakeImageAsync(string folder)
    {
        var raw = Path.Combine(folder, "source.raw");
        var image = Path.Combine(folder, "source.qcow2");
        await using (var file = File.Create(raw))
        {
            var block = new byte[1 << 20];
            var random = new Random(1);
            for (var i = 0; i < ImageMiB; i++)
            {
                // A third of it is holes, as in the images of distributions.
                if (i % 3 == 0)
                {
                    file.Position += block.Length;
                    continue;
                }

                random.NextBytes(block);
                await file.WriteAsync(block);
            }

            file.SetLength((long)ImageMiB << 20);
        }

        await RunAsync("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, image);
        File.Delete(raw);
        return image;
    }

    private static async Task RunAsync(string tool, params string[] arguments)
    {
        using var process = Process.Start(tool, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{tool} ended with {process.ExitCode}");
    }

    /// <summary>The seconds that each of them took.</summary>
    private sealed record Round(double ByHand, double One, double Together, double Unverified);

    /// <summary>One file over HTTP/1.1 on loopback, by the kernel's sendfile.</summary>
    private sealed class FileServer : IAsyncDisposable
    {
        private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
        private readonly string _path;
        private readonly Task _serving;
        private int _downloads;

        public FileServer(string path)
        {
            _path = path;
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            Url = $"http://{_listener.LocalEndPoint}/image.qcow2";
            _serving = ServeAsync();
        }

        public string Url { get; }

        public int Downloads => Volatile.Read(ref _downloads);

        public async ValueTask DisposeAsync()
        {
            _listener.Dispose();
            await _serving;
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                    _ = AnswerAsync(await _listener.AcceptAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The listener was closed.
            }
        }

        private async Task AnswerAsync(Socket client)
        {
            using (client)
            {
                var request = new byte[4096];
                await client.ReceiveAsync(request);
                Interlocked.Increment(ref _downloads);
                var head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
                    + $"{new FileInfo(_path).Length}\r\n\r\n";
                await client.SendAsync(System.Text.Encoding.ASCII.GetBytes(head));
                await client.SendFileAsync(_path);
                client.Shutdown(SocketShutdown.Send);
            }
        }
    }
}

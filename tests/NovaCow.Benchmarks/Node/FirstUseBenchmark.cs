using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NovaCow.Client;

namespace NovaCow.Benchmarks.Node;

/// <summary>Many launches of a cold image at once, beside one download and one conversion by hand.
/// </summary>
internal sealed class FirstUseBenchmark : IBenchmark
{
    private const int Launches = 200;
    private const int ImageMiB = 1024;
    private const int Rounds = 5;
    private const double Ceiling = 1.15;
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(5);

    public string Name => "first-use";

    public string About => "200 launches of a cold image: one download, one conversion, and no more";

    /// <param name="args">The directory to measure in; else one below the temporary directory.</param>
    public async Task RunAsync(string[] args)
    {
        List<double> ratios = [];
        for (var round = 0; round < Rounds; round++)
        {
            var folder = BenchmarkFolder.Create(args);
            try
            {
                ratios.Add(await MeasureAsync(folder));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        var median = ratios.Order().ElementAt(Rounds / 2);
        Console.WriteLine($"first use: {median:F2} x download + conversion alone, the median of "
            + $"{Rounds} (ceiling {Ceiling})");
    }

    private static async Task<double> MeasureAsync(string folder)
    {
        var image = await MakeImageAsync(folder);
        await using var server = new FileServer(image);
        await using var node = await BenchmarkNode.StartAsync(folder);
        await node.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "image", Source = server.Url }, default);

        // A block of the disk that is written for the first time is many times slower than later.
        await ByHandAsync(folder, server.Url);
        var alone = await ByHandAsync(folder, server.Url);
        var downloads = server.Downloads;
        var clock = Stopwatch.StartNew();
        var answer = await node.Client.LaunchAsync(
            new LaunchRequest
            {
                Image = "image",
                Flavor = "m1.tiny",
                Ids = [.. Enumerable.Range(0, Launches).Select(i => $"cold-{i}")],
            },
            Wait,
            default);
        var together = clock.Elapsed.TotalSeconds;
        if (answer.Instances.FirstOrDefault(i => i.State != "active") is { } bad)
            throw new InvalidOperationException($"{bad}");
        var host = (await node.Client.ListHostsAsync(default)).Items[0];
        Console.WriteLine(
            $"{Launches} cold launches: {together:F2} s; download + conversion alone: {alone:F2} s; "
            + $"ratio {together / alone:F2}; downloads {server.Downloads - downloads}, "
            + $"conversions {host.Conversions}");
        return together / alone;
    }

    private static async Task<double> ByHandAsync(string folder, string url)
    {
        var file = Path.Combine(folder, "by-hand.qcow2");
        var raw = Path.Combine(folder, "by-hand.raw");
        var clock = Stopwatch.StartNew();
        using (var http = new HttpClient())
        await using (var input = await http.GetStreamAsync(url))
        await using (var output = File.Create(file))
        {
            await input.CopyToAsync(output);
            output.Flush(flushToDisk: true);
        }

        await RunAsync("qemu-img", "convert", "-f", "qcow2", "-O", "raw", file, raw);
        await using (var synced = File.OpenWrite(raw))
            synced.Flush(flushToDisk: true);
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
            catch (SocketException)
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

using System.Diagnostics;
using System.Globalization;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;

namespace NovaCow.Benchmarks.Link;

/// <summary>
/// A link between two processes on loopback: messages of 200 bytes one way and both ways, and
/// the time of an ask, plain and over mutual TLS. The second process is this program again.
/// </summary>
public sealed class LinkBenchmark : IBenchmark
{
    private const double Floor = 250_000;
    private const double Akka = 287_000;
    private const int Messages = 2_000_000;

    public string Name => "link";

    public string About => "two processes: messages/s of 200 bytes one and both ways, ask latency; plain and TLS";

    public async Task RunAsync(string[] args)
    {
        if (args is ["serve", .. var folder])
        {
            await LinkPeer.ServeAsync(folder is [var path] ? LinkTls.Open(path) : null);
            return;
        }
        Console.WriteLine("plain");
        await RunAsync(tls: null);
        Console.WriteLine("mutual TLS");
        using var tls = LinkTls.Create();
        await RunAsync(tls);
    }

    private static async Task RunAsync(LinkTls? tls)
    {
        using var child = LinkPeer.StartSelf(
            ["link", "serve", .. tls is null ? Array.Empty<string>() : [tls.Folder]]);
        var address = await child.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException("the second process did not start");
        await using var system = ActorSystem.Create("bench");
        var links = LinkPeer.StartLinks(system, "parent", tls: tls);
        var link = await links.DialAsync(new Uri(address), CancellationToken.None);
        try
        {
            await MeasureAsync(system, link);
            await MeasureDialsAsync(links, new Uri(address));
        }
        finally
        {
            child.Kill();
        }
    }

    private static async Task MeasureAsync(ActorSystem system, ILink link)
    {
        var (oneWay, json, bothWays) = (0d, 0d, 0d);
        for (var round = 0; round < 3; round++)
        {
            oneWay = Math.Max(oneWay, await SendAsync(system, link, new StartLoad(Messages, 0)));
            json = Math.Max(json, await SendAsync(system, link, new StartLoad(Messages / 4, 1)));
            var both = await Task.WhenAll(
                SendAsync(system, link, new StartLoad(Messages / 2, 0)),
                PullAsync(system, link, Messages / 2));
            bothWays = Math.Max(bothWays, 2 * both.Min());
        }
        var asks = await AskAsync(link);
        Console.WriteLine("best of three, 200 bytes each; Akka.NET 1.5 with its own serializer");
        Console.WriteLine($"{"figure",-44} {"measured",12} {"floor",12} {"ratio",7} {"to Akka",8}");
        Print("one way, own codec, messages/s", oneWay);
        Print("one way, JSON, messages/s", json);
        Print("both ways, own codec, messages/s together", bothWays);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"ask, one at a time: median {asks.Median:N1} µs, 99th percentile {asks.P99:N1} µs"));
    }

    /// <summary>From nothing to a link, certificates judged at both ends.</summary>
    private static async Task MeasureDialsAsync(Links links, Uri address)
    {
        var times = new double[200];
        for (var i = 0; i < times.Length; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            var link = await links.DialAsync(address, CancellationToken.None);
            times[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            await link.CloseAsync("measured");
        }
        Array.Sort(times);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"dial and handshake: median {times[times.Length / 2]:N2} ms, 99th percentile " +
            $"{times[times.Length * 99 / 100]:N2} ms"));
    }

    private static void Print(string figure, double measured) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{figure,-44} {measured,12:N0} {Floor,12:N0} {measured / Floor,7:N2} " +
            $"{measured / Akka,8:N2}"));

    /// <summary>Messages per second from here to the peer.</summary>
    private static async Task<double> SendAsync(ActorSystem system, ILink link, StartLoad load)
    {
        var begun = Stopwatch.GetTimestamp();
        await LoadDriver.RunAsync(system, link.ActorFor("/user/sink"), load);
        return load.Messages / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    /// <summary>Messages per second from the peer to here.</summary>
    private static async Task<double> PullAsync(ActorSystem system, ILink link, int messages)
    {
        var sink = system.ActorOf(Props.Create<LoadSink>());
        var begun = Stopwatch.GetTimestamp();
        var done = link.ActorFor("/user/source").Ask<LoadAck>(
            refToAnswer => new StartLoad(messages, 0), TimeSpan.FromMinutes(2));
        link.ActorFor("/user/source").Tell(new PullHere(), sink);
        await done;
        return messages / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static async Task<(double Median, double P99)> AskAsync(ILink link)
    {
        var echo = link.ActorFor("/user/echo");
        var times = new double[20_000];
        for (var i = 0; i < times.Length; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            await echo.Ask<LoadAck>(new LoadAck(i));
            times[i] = Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
        }
        Array.Sort(times);
        return (times[times.Length / 2], times[times.Length * 99 / 100]);
    }
}

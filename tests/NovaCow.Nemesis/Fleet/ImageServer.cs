using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NovaCow.Storage.Tests;

namespace NovaCow.Nemesis.Fleet;

/// <summary>A download of an image by one process.</summary>
/// <param name="Image">Which.</param>
/// <param name="Node">Whose process.</param>
/// <param name="ProcessId">Which life of it.</param>
/// <param name="At">When it began.</param>
internal sealed record Download(string Image, string Node, int ProcessId, TimeSpan At)
{
    /// <summary>Others of the same image and process that were under way.</summary>
    public int Beside { get; init; }

    /// <summary>Whether its host had the base already.</summary>
    public bool HadBase { get; init; }
}

/// <summary>Serves small images slowly, and keeps who fetched what.</summary>
internal sealed class ImageServer : IAsyncDisposable
{
    private const int Parts = 10;
    private const int DiskBytes = 4 << 20;
    private static readonly TimeSpan PartTakes = TimeSpan.FromMilliseconds(40);
    private static readonly string[] Names = ["red", "blue"];
    private readonly WebApplication _app;
    private readonly Timeline _timeline;
    private readonly Dictionary<string, byte[]> _images = [];
    private readonly ConcurrentQueue<Download> _downloads = [];
    private readonly ConcurrentDictionary<(string Image, int ProcessId), int> _open = [];

    private ImageServer(WebApplication app, Timeline timeline) =>
        (_app, _timeline) = (app, timeline);

    public IReadOnlyList<string> Images => Names;

    public Uri Url { get; private set; } = null!;

    public IReadOnlyCollection<Download> Downloads => _downloads;

    /// <summary>Who connects from there to that port; set before anybody does.</summary>
    public Func<IPEndPoint, int, (string Node, int ProcessId)?> WhoIs { get; set; } =
        (_, _) => null;

    /// <summary>Whether a host has the image's base by now.</summary>
    public Func<string, string, bool> HasBase { get; set; } = (_, _) => false;

    public static async Task<ImageServer> StartAsync(
        string folder, IPAddress address, Timeline timeline)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://{address}:0");
        builder.Services.AddRoutingCore();
        var server = new ImageServer(builder.Build(), timeline);
        foreach (var (name, index) in Names.Select((name, index) => (name, index)))
            server._images[name] = await MakeAsync(folder, name, index);
        server._app.MapGet("/{image}", server.ServeAsync);
        await server._app.StartAsync();
        server.Url = new Uri(server._app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context, string image)
    {
        var bytes = _images[image];
        var (first, last) = RangeOf(context, bytes.Length);
        context.Response.Headers.AcceptRanges = "bytes";
        context.Response.Headers.ETag = $"\"{image}\"";
        if (last - first + 1 < bytes.Length)
        {
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = $"bytes {first}-{last}/{bytes.Length}";
        }

        context.Response.ContentLength = last - first + 1;
        if (!HttpMethods.IsGet(context.Request.Method))
            return;
        var from = context.Connection;
        var who = WhoIs(new IPEndPoint(from.RemoteIpAddress!, from.RemotePort), from.LocalPort);
        var key = (image, who?.ProcessId ?? 0);
        var beside = _open.AddOrUpdate(key, 1, (_, n) => n + 1) - 1;
        if (who is { } node)
            Keep(new Download(image, node.Node, node.ProcessId, _timeline.Now) { Beside = beside });
        try
        {
            var part = (bytes.Length / Parts) + 1;
            for (var at = first; at <= last; at += part)
            {
                var count = Math.Min(part, last - at + 1);
                await context.Response.Body.WriteAsync(
                    bytes.AsMemory(at, count), context.RequestAborted);
                await Task.Delay(PartTakes, context.RequestAborted);
            }
        }
        finally
        {
            _open.AddOrUpdate(key, 0, (_, n) => n - 1);
        }
    }

    private void Keep(Download download)
    {
        download = download with { HadBase = HasBase(download.Node, download.Image) };
        _downloads.Enqueue(download);
        _timeline.Note($"{download.Node} (process {download.ProcessId}) fetches {download.Image}");
    }

    private static (int First, int Last) RangeOf(HttpContext context, int length)
    {
        var range = context.Request.GetTypedHeaders().Range?.Ranges.FirstOrDefault();
        return ((int)(range?.From ?? 0), (int)(range?.To ?? length - 1));
    }

    private static async Task<byte[]> MakeAsync(string folder, string name, int seed)
    {
        var raw = Path.Combine(folder, $"{name}.raw");
        var qcow2 = Path.Combine(folder, $"{name}.qcow2");
        var bytes = new byte[DiskBytes];
        new Random(seed).NextBytes(bytes.AsSpan(0, DiskBytes / 2));
        await File.WriteAllBytesAsync(raw, bytes);
        await Command.RunAsync("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, qcow2);
        return await File.ReadAllBytesAsync(qcow2);
    }
}

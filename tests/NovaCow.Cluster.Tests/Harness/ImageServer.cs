using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace NovaCow.Cluster.Tests.Harness;

/// <summary>Serves one image on loopback, counts its downloads, and can hold them back.</summary>
internal sealed class ImageServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly byte[] _image;
    private TaskCompletionSource _gate = Open();
    private int _downloads;

    private ImageServer(WebApplication app, byte[] image) => (_app, _image) = (app, image);

    public int Downloads => Volatile.Read(ref _downloads);

    public Uri Url { get; private set; } = null!;

    /// <summary>A server of a compressed qcow2 with a disk of so many random bytes.</summary>
    public static async Task<ImageServer> StartAsync(string folder, int diskBytes)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new ImageServer(builder.Build(), await MakeImageAsync(folder, diskBytes));
        server._app.MapGet("/disk.qcow2", server.ServeAsync);
        await server._app.StartAsync();
        var addresses = server._app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!;
        server.Url = new Uri($"{addresses.Addresses.First()}/disk.qcow2");
        return server;
    }

    /// <summary>Downloads stop in the middle until they are let go.</summary>
    public void Hold() => _gate = new TaskCompletionSource();

    public void LetGo() => _gate.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        LetGo();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        Interlocked.Increment(ref _downloads);
        context.Response.ContentLength = _image.Length;
        var half = _image.Length / 2;
        await context.Response.Body.WriteAsync(_image.AsMemory(0, half));
        await context.Response.Body.FlushAsync();
        await _gate.Task.WaitAsync(context.RequestAborted);
        await context.Response.Body.WriteAsync(_image.AsMemory(half));
    }

    private static async Task<byte[]> MakeImageAsync(string folder, int diskBytes)
    {
        var raw = Path.Combine(folder, "source.raw");
        var qcow2 = Path.Combine(folder, "source.qcow2");
        var bytes = new byte[diskBytes];
        new Random(7).NextBytes(bytes.AsSpan(0, diskBytes / 2));
        await File.WriteAllBytesAsync(raw, bytes);
        using var convert = Process.Start(
            "qemu-img", ["convert", "-f", "raw", "-O", "qcow2", "-c", raw, qcow2]);
        await convert.WaitForExitAsync();
        Assert.Equal(0, convert.ExitCode);
        return await File.ReadAllBytesAsync(qcow2);
    }

    private static TaskCompletionSource Open()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }
}

using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Benchmarks.Link;

/// <summary>The second process of <see cref="LinkBenchmark"/>: it serves links with Kestrel, as
/// a node does.</summary>
internal static class LinkPeer
{
    public static Links StartLinks(
        ActorSystem system, string name, string address = "", LinkTls? tls = null) =>
        Links.Start(
            system,
            new LinkOptions
            {
                DialTls = tls is null ? null : tls.Dial,
                Self = new()
                {
                    Name = name, Incarnation = $"{Environment.ProcessId}", Address = address,
                },
            },
            LoadMessages.Register(new MessageSerializer()));

    public static async Task ServeAsync(LinkTls? tls)
    {
        await using var system = ActorSystem.Create("bench");
        await ListenAsync(async (address, serve) =>
        {
            var links = StartLinks(system, "peer", address);
            system.ActorOf(Props.Create<LoadSink>(), "sink");
            system.ActorOf(Props.Create<LoadSource>(), "source");
            system.ActorOf(Props.Create<Echo>(), "echo");
            links.Export("/user");
            serve(links);
            Console.WriteLine(address);
            await Task.Delay(Timeout.InfiniteTimeSpan);
        }, tls);
    }

    /// <summary>Listens on a free port until <paramref name="run"/> ends, which is given the
    /// address and has to say whose links these are.</summary>
    public static async Task ListenAsync(
        Func<string, Action<Links>, Task> run, LinkTls? tls = null)
    {
        var links = new TaskCompletionSource<Links>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, at =>
        {
            if (tls is not null)
            {
                at.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(tls.Listen()),
                });
            }
        }));
        await using var app = builder.Build();
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        app.Map(LinkAddress.Path, async (HttpContext context) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await (await links.Task).AcceptAsync(socket, context.RequestAborted);
        });
        await app.StartAsync();
        await run(app.Urls.First(), links.SetResult);
    }

    /// <summary>Starts this program again.</summary>
    public static Process StartSelf(params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };

        // A killed runtime leaves the pipes of its debugger behind.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        return Process.Start(start)!;
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Benchmarks.Link;

/// <summary>The second process of <see cref="LinkBenchmark"/>: it serves links with Kestrel, as
/// a node does.</summary>
internal static class LinkPeer
{
    public static Links StartLinks(ActorSystem system, string name) => Links.Start(
        system,
        new LinkOptions { Self = new() { Name = name, Incarnation = $"{Environment.ProcessId}" } },
        LoadMessages.Register(new MessageSerializer()));

    public static async Task ServeAsync()
    {
        await using var system = ActorSystem.Create("bench");
        var links = StartLinks(system, "peer");
        system.ActorOf(Props.Create<LoadSink>(), "sink");
        system.ActorOf(Props.Create<LoadSource>(), "source");
        system.ActorOf(Props.Create<Echo>(), "echo");
        links.Export("/user");

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        app.Map(LinkAddress.Path, async (HttpContext context) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await links.AcceptAsync(socket, context.RequestAborted);
        });
        await app.StartAsync();
        Console.WriteLine(app.Urls.First());
        await app.WaitForShutdownAsync();
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }
}

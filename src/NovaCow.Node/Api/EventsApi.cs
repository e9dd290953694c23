using System.Threading.Channels;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using NovaCow.Runtime.Actors;

namespace NovaCow.Node.Api;

/// <summary>What happens in the cluster, as server-sent events.</summary>
internal static class EventsApi
{
    /// <summary>Events that wait for a slow reader; beyond it the stream ends, and the reader may
    /// come back with the last id it has seen.</summary>
    private const int MaxBehind = 10_000;

    /// <summary>Where the stream is; it does not end.</summary>
    public const string Path = "/v1/events";

    private const string ContentType = "text/event-stream";

    public static void Map(IEndpointRouteBuilder v1) =>
        v1.MapGet("/events", StreamAsync).WithTags("events")
            .WithSummary("Follow what happens")
            .Heeds("Last-Event-ID", "Go on after this event")
            .Produces<Client.ClusterEvent>(contentType: ContentType)
            .Fails();

    private static async Task StreamAsync(
        HttpContext http,
        ActorSystem system,
        SchedulerGateway gateway,
        IHostApplicationLifetime node)
    {
        var header = http.Request.Headers["Last-Event-ID"].ToString();
        long? after = null;
        if (header.Length > 0)
        {
            after = long.TryParse(header, out var id)
                ? id
                : throw ApiException.Invalid($"Last-Event-ID '{header}': expected an event's id");
        }

        http.Response.ContentType = ContentType;
        http.Response.Headers.CacheControl = "no-cache,no-store";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        // The client knows at once that it listens, however long nothing happens.
        await http.Response.Body.FlushAsync(http.RequestAborted);
        var channel = Channel.CreateBounded<Client.ClusterEvent>(
            new BoundedChannelOptions(MaxBehind) { SingleReader = true, SingleWriter = true });
        var relay = system.ActorOf(
            Props.Create(() => new EventRelayActor(gateway.Scheduler, after, channel.Writer)));
        using var end = node.ApplicationStopping.Register(() => channel.Writer.TryComplete());
        try
        {
            await new EventStream(http.Response.Body, system.TimeProvider)
                .WriteAsync(channel.Reader, http.RequestAborted);
        }
        finally
        {
            system.Stop(relay);
        }
    }
}

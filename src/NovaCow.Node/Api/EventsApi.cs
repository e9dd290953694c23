using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using NovaCow.Runtime.Actors;

namespace NovaCow.Node.Api;

/// <summary>What happens in the cluster, as server-sent events.</summary>
internal static class EventsApi
{
    /// <summary>Events that wait for a slow reader; beyond it the stream ends, and the reader may
    /// come back with the last id it has seen.</summary>
    private const int MaxBehind = 10_000;

    public static void Map(IEndpointRouteBuilder v1) =>
        v1.MapGet("/events", Stream)
            .WithSummary("Follow what happens; Last-Event-ID goes on from there")
            .Produces<Client.ClusterEvent>(contentType: "text/event-stream");

    private static IResult Stream(
        HttpRequest request,
        ActorSystem system,
        SchedulerGateway gateway,
        IHostApplicationLifetime node)
    {
        var header = request.Headers["Last-Event-ID"].ToString();
        long? after = null;
        if (header.Length > 0)
        {
            after = long.TryParse(header, out var id)
                ? id
                : throw ApiException.Invalid($"Last-Event-ID '{header}': expected an event's id");
        }

        return TypedResults.ServerSentEvents(
            FollowAsync(system, gateway, after, node.ApplicationStopping));
    }

    private static async IAsyncEnumerable<SseItem<Client.ClusterEvent>> FollowAsync(
        ActorSystem system,
        SchedulerGateway gateway,
        long? after,
        CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken ct = default)
    {
        var channel = Channel.CreateBounded<Client.ClusterEvent>(
            new BoundedChannelOptions(MaxBehind) { SingleReader = true, SingleWriter = true });
        var relay = system.ActorOf(
            Props.Create(() => new EventRelayActor(gateway.Scheduler, after, channel.Writer)));
        using var end = stopping.Register(() => channel.Writer.TryComplete());
        try
        {
            await foreach (var happened in channel.Reader.ReadAllAsync(ct))
            {
                yield return new SseItem<Client.ClusterEvent>(happened, happened.Kind)
                {
                    EventId = happened.Id?.ToString(),
                };
            }
        }
        finally
        {
            system.Stop(relay);
        }
    }
}

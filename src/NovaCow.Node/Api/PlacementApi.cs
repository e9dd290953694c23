using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

/// <summary>Where launches go, and why.</summary>
internal static class PlacementApi
{
    public static void Map(IEndpointRouteBuilder v1)
    {
        v1.MapPost("/placement", ForecastAsync).WithTags("hosts")
            .WithSummary("Say where a launch would go now; nothing is launched")
            .Fails(404, 413, 415, 422);
        v1.MapGet("/instances/{id}/placement", ExplainAsync).WithTags("instances")
            .WithSummary("Say why an instance is where it is, or waits")
            .Fails(404);
    }

    private static async Task<PlacementResource> ForecastAsync(
        LaunchRequest request, SchedulerGateway gateway, CancellationToken ct)
    {
        var explained = await gateway.AskAsync<SchedulerProtocol.PlacementExplained>(
            new SchedulerProtocol.ExplainPlacement(
                Parse.Id<ImageName>("image", request.Image),
                Parse.Id<FlavorName>("flavor", request.Flavor))
            {
                Options = Parse.Options(request),
            },
            ct);
        return ToResource(explained);
    }

    private static async Task<PlacementResource> ExplainAsync(
        string id, SchedulerGateway gateway, CancellationToken ct) =>
        ToResource(await gateway.AskAsync<SchedulerProtocol.PlacementExplained>(
            new SchedulerProtocol.ExplainInstance(Parse.Id<InstanceId>("id", id)), ct));

    private static PlacementResource ToResource(SchedulerProtocol.PlacementExplained explained) =>
        new()
        {
            Host = explained.Host?.Value,
            Instance = explained.Instance?.ToResource(),
            Hosts = [.. explained.Hosts.Select(ToResource)],
        };

    private static HostTermsResource ToResource(HostTerms h) => new(
        h.Host.Value,
        h.Temperature.ToString().ToLowerInvariant(),
        h.Load,
        new ReadyTermsResource(
            h.Ready.Seconds, h.Ready.Queue, h.Ready.Base, h.Ready.Disks, h.Ready.Start,
            h.Ready.Crowding, h.Ready.Traffic),
        h.FilteredBecause);
}

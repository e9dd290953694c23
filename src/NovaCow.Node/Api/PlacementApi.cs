using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;

namespace NovaCow.Node.Api;

/// <summary>Where a launch would go, without launching anything.</summary>
internal static class PlacementApi
{
    public static void Map(IEndpointRouteBuilder v1) =>
        v1.MapGet("/placement", ExplainAsync).WithTags("hosts")
            .WithSummary("Explain where a launch would go now")
            .Fails(404, 422);

    private static async Task<PlacementResource> ExplainAsync(
        SchedulerGateway gateway,
        CancellationToken ct,
        string? image = null,
        string? flavor = null,
        string? driver = null,
        string? layout = null)
    {
        var explained = await gateway.AskAsync<SchedulerProtocol.PlacementExplained>(
            new SchedulerProtocol.ExplainPlacement(
                Parse.Id<ImageName>("image", image), Parse.Id<FlavorName>("flavor", flavor))
            {
                Options = Parse.Options(driver, layout),
            },
            ct);
        return new PlacementResource
        {
            Host = explained.Host?.Value,
            Hosts =
            [
                .. explained.Hosts.Select(h => new HostTermsResource(
                    h.Host.Value, h.Temperature.ToString().ToLowerInvariant(), h.Load,
                    new ReadyTermsResource(
                        h.Ready.Seconds, h.Ready.Queue, h.Ready.Base, h.Ready.Disks,
                        h.Ready.Start, h.Ready.Crowding),
                    h.FilteredBecause)),
            ],
        };
    }
}

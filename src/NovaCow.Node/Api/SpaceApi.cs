using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

/// <summary>How the stores are used, and the care of the bases in them.</summary>
internal static class SpaceApi
{
    public static void Map(IEndpointRouteBuilder v1)
    {
        v1.MapGet("/space", GetFleetAsync).WithTags("space")
            .WithSummary("Show how the stores of all hosts are used, as they reported last")
            .Fails();
        v1.MapGet("/hosts/{name}/space", GetHostAsync).WithTags("space")
            .WithSummary("Measure how a host's store is used, by base and by instance")
            .Fails(404);
        v1.MapPost("/hosts/{name}/bases/scrub", ScrubAllAsync).WithTags("bases")
            .WithSummary("Verify every base volume on a host, one after the other")
            .Produces<ScrubResponse>(StatusCodes.Status202Accepted)
            .Fails(404);
        v1.MapPost("/hosts/{name}/bases/{key}/scrub", ScrubAsync).WithTags("bases")
            .WithSummary("Verify a base volume on a host")
            .Produces<ScrubResponse>(StatusCodes.Status202Accepted)
            .Fails(404);
        v1.MapDelete("/hosts/{name}/bases/{key}", EvictAsync).WithTags("bases")
            .WithSummary("Remove a base volume without clones from a host")
            .Produces(StatusCodes.Status204NoContent)
            .Fails(404, 409);
    }

    private static async Task<FleetSpaceResource> GetFleetAsync(
        SchedulerGateway gateway, CancellationToken ct)
    {
        var list = await gateway.AskAsync<SchedulerProtocol.HostList>(
            new SchedulerProtocol.ListHosts(), ct);
        return list.Hosts.ToSpaceResource();
    }

    private static async Task<HostSpaceResource> GetHostAsync(
        string name, SchedulerGateway gateway, CancellationToken ct)
    {
        // A host with many disks looks at each of them.
        var found = await gateway.AskAsync<SchedulerProtocol.SpaceFound>(
            new SchedulerProtocol.GetSpace(Parse.Id<HostId>("name", name)), ct,
            SchedulerGateway.HostAnswersWithin);
        return found.Space.ToResource();
    }

    private static Task<IResult> ScrubAllAsync(
        string name, SchedulerGateway gateway, CancellationToken ct) =>
        OrderScrubAsync(gateway, Parse.Id<HostId>("name", name), null, ct);

    private static Task<IResult> ScrubAsync(
        string name, string key, SchedulerGateway gateway, CancellationToken ct) =>
        OrderScrubAsync(
            gateway, Parse.Id<HostId>("name", name), Parse.Id<BaseKey>("key", key), ct);

    private static async Task<IResult> OrderScrubAsync(
        SchedulerGateway gateway, HostId host, BaseKey? key, CancellationToken ct)
    {
        var ordered = await gateway.AskAsync<SchedulerProtocol.ScrubOrdered>(
            new SchedulerProtocol.ScrubBases(host, key), ct);
        return TypedResults.Accepted(
            $"/v1/bases?host={host}", new ScrubResponse(ordered.Bases));
    }

    private static async Task<IResult> EvictAsync(
        string name, string key, SchedulerGateway gateway, CancellationToken ct)
    {
        await gateway.AskAsync<SchedulerProtocol.BaseEvicted>(
            new SchedulerProtocol.EvictBase(
                Parse.Id<HostId>("name", name), Parse.Id<BaseKey>("key", key)),
            ct,
            SchedulerGateway.HostAnswersWithin);
        return TypedResults.NoContent();
    }
}

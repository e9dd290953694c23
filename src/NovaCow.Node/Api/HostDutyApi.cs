using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Node.Api;

/// <summary>What operators let hosts do. Each is answered once it is durable.</summary>
internal static class HostDutyApi
{
    public static void Map(IEndpointRouteBuilder v1)
    {
        v1.MapPost("/hosts/{name}/cordon", CordonAsync).WithTags("hosts")
            .WithSummary("Give a host no new launches")
            .Fails(404);
        v1.MapPost("/hosts/{name}/uncordon", UncordonAsync).WithTags("hosts")
            .WithSummary("Give a host launches again")
            .Fails(404);
        v1.MapPost("/hosts/{name}/drain", DrainAsync).WithTags("hosts")
            .WithSummary("Give a host no new launches, and those it has not finished to others")
            .Fails(404);
        v1.MapDelete("/hosts/{name}", RemoveAsync).WithTags("hosts")
            .WithSummary("Take a host that has stopped out of the cluster")
            .Produces(StatusCodes.Status204NoContent)
            .Fails(404, 409);
    }

    private static Task<HostResource> CordonAsync(
        string name, SchedulerGateway gateway, CancellationToken ct) =>
        SetAsync(name, HostDuty.Cordoned, gateway, ct);

    private static Task<HostResource> UncordonAsync(
        string name, SchedulerGateway gateway, CancellationToken ct) =>
        SetAsync(name, HostDuty.Active, gateway, ct);

    private static Task<HostResource> DrainAsync(
        string name, SchedulerGateway gateway, CancellationToken ct) =>
        SetAsync(name, HostDuty.Draining, gateway, ct);

    private static async Task<HostResource> SetAsync(
        string name, HostDuty duty, SchedulerGateway gateway, CancellationToken ct)
    {
        var found = await gateway.AskAsync<SchedulerProtocol.HostFound>(
            new SchedulerProtocol.SetHostDuty(Parse.Id<HostId>("name", name), duty), ct);
        return found.Host.ToResource();
    }

    private static async Task<IResult> RemoveAsync(
        string name, SchedulerGateway gateway, CancellationToken ct, string? force = null)
    {
        await gateway.AskAsync<SchedulerProtocol.HostForgotten>(
            new SchedulerProtocol.RemoveHost(
                Parse.Id<HostId>("name", name), Parse.Flag("force", force)),
            ct);
        return TypedResults.NoContent();
    }
}

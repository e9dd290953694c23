using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;

namespace NovaCow.Node.Api;

/// <summary>Hosts and the base volumes on them.</summary>
internal static class FleetApi
{
    public static void Map(IEndpointRouteBuilder v1)
    {
        v1.MapGet("/hosts", ListHostsAsync).WithTags("hosts").WithSummary("List the hosts")
            .Fails();
        v1.MapGet("/hosts/{name}", GetHostAsync).WithTags("hosts").WithSummary("Show a host")
            .Fails(404);
        v1.MapGet("/bases", ListBasesAsync).WithTags("bases")
            .WithSummary("List the base volumes on every host")
            .Fails();
    }

    private static async Task<Page<HostResource>> ListHostsAsync(
        SchedulerGateway gateway, CancellationToken ct)
    {
        var list = await gateway.AskAsync<SchedulerProtocol.HostList>(
            new SchedulerProtocol.ListHosts(), ct);
        return new Page<HostResource>([.. list.Hosts.Select(h => h.ToResource())], null);
    }

    private static async Task<HostResource> GetHostAsync(
        string name, SchedulerGateway gateway, CancellationToken ct)
    {
        var found = await gateway.AskAsync<SchedulerProtocol.HostFound>(
            new SchedulerProtocol.GetHost(Parse.Id<HostId>("name", name)), ct);
        return found.Host.ToResource();
    }

    private static async Task<Page<BaseResource>> ListBasesAsync(
        SchedulerGateway gateway, CancellationToken ct, string? host = null)
    {
        var list = await gateway.AskAsync<SchedulerProtocol.BaseList>(
            new SchedulerProtocol.ListBases(Parse.OptionalId<HostId>("host", host)), ct);
        return new Page<BaseResource>([.. list.Bases.Select(b => b.ToResource())], null);
    }
}

using System.Diagnostics;
using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

/// <summary>
/// Instances. A launch or a deletion is answered once it is durable; with <c>Prefer: wait=N</c>
/// once it has settled, or after N seconds as it is then.
/// </summary>
internal static class InstancesApi
{
    private const int DefaultPage = 100;
    private static readonly TimeSpan AsksLeaderAgainAfter = TimeSpan.FromMilliseconds(500);
    private const string Prefer = "wait=N: answer once it has settled, or after N seconds";

    public static void Map(IEndpointRouteBuilder v1)
    {
        v1.MapPost("/instances", LaunchAsync).WithTags("instances")
            .WithSummary("Launch one instance or many")
            .Heeds("Prefer", Prefer)
            .Produces<LaunchResponse>()
            .Produces<LaunchResponse>(StatusCodes.Status202Accepted)
            .Fails(404, 409, 413, 415, 422);
        v1.MapGet("/instances", ListAsync).WithTags("instances")
            .WithSummary("List the instances, a page at a time")
            .Counts("limit", 1, SchedulerProtocol.MaxPage)
            .Fails();
        v1.MapGet("/instances/{id}", GetAsync).WithTags("instances")
            .WithSummary("Show an instance")
            .Fails(404);
        v1.MapDelete("/instances/{id}", DeleteAsync).WithTags("instances")
            .WithSummary("Delete an instance and its disks")
            .Heeds("Prefer", Prefer)
            .Produces(StatusCodes.Status204NoContent)
            .Produces<InstanceResource>(StatusCodes.Status202Accepted)
            .Fails(404);
    }

    private static async Task<IResult> LaunchAsync(
        LaunchRequest request, HttpRequest http, SchedulerGateway gateway, CancellationToken ct)
    {
        var wait = Parse.Wait(http);
        InstanceId[] ids = [.. request.Ids.Select(id => Parse.Id<InstanceId>("ids", id))];
        var command = new SchedulerProtocol.Launch(
            Parse.Id<ImageName>("image", request.Image),
            Parse.Id<FlavorName>("flavor", request.Flavor),
            ids)
        {
            Options = Parse.Options(request),
        };
        var accepted = await gateway.AskAsync<SchedulerProtocol.LaunchAccepted>(command, ct);
        var instances = accepted.Instances;
        if (wait is { } patience)
        {
            instances = await Task.WhenAll(ids.Select(
                id => SettledAsync(gateway, id, SchedulerProtocol.Awaited.Launched, patience, ct)));
        }

        var response = new LaunchResponse([.. instances.Select(i => i.ToResource())]);
        return instances.All(i => i.Phase.IsSettled())
            ? TypedResults.Ok(response)
            : TypedResults.Accepted((string?)null, response);
    }

    private static async Task<Page<InstanceResource>> ListAsync(
        SchedulerGateway gateway,
        CancellationToken ct,
        string? after = null,
        string? limit = null,
        string? host = null,
        string? state = null)
    {
        var most = Parse.Count("limit", limit, SchedulerProtocol.MaxPage) ?? DefaultPage;
        var page = await gateway.AskAsync<SchedulerProtocol.InstancePage>(
            new SchedulerProtocol.ListInstances(
                Parse.OptionalId<InstanceId>("after", after),
                most,
                Parse.OptionalId<HostId>("host", host),
                Parse.OptionalEnum<LaunchPhase>("state", state)),
            ct);
        return new Page<InstanceResource>(
            [.. page.Instances.Select(i => i.ToResource())], page.Next?.Value);
    }

    private static async Task<InstanceResource> GetAsync(
        string id, SchedulerGateway gateway, CancellationToken ct) =>
        (await FindAsync(gateway, Parse.Id<InstanceId>("id", id), ct)).ToResource();

    private static async Task<IResult> DeleteAsync(
        string id, HttpRequest http, SchedulerGateway gateway, CancellationToken ct)
    {
        var wait = Parse.Wait(http);
        var instance = Parse.Id<InstanceId>("id", id);
        var found = await gateway.AskAsync<SchedulerProtocol.InstanceFound>(
            new SchedulerProtocol.DeleteInstance(instance), ct);
        var now = found.Instance;
        if (wait is { } patience && now.Phase != LaunchPhase.Deleted)
        {
            now = await SettledAsync(
                gateway, instance, SchedulerProtocol.Awaited.Deleted, patience, ct);
        }

        return now.Phase == LaunchPhase.Deleted
            ? TypedResults.NoContent()
            : TypedResults.Accepted($"/v1/instances/{instance}", now.ToResource());
    }

    /// <summary>The instance once it has settled, or as it is when the time is over. A leader that
    /// goes takes along whom it would have told: so it is asked for anew every so often.</summary>
    public static async Task<InstanceInfo> SettledAsync(
        SchedulerGateway gateway,
        InstanceId id,
        SchedulerProtocol.Awaited what,
        TimeSpan patience,
        CancellationToken ct)
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            var left = patience - clock.Elapsed;
            var turn = left < gateway.AsksAnewAfter ? left : gateway.AsksAnewAfter;
            turn = turn > TimeSpan.Zero ? turn : TimeSpan.Zero;
            try
            {
                var found = await gateway.AskAsync<SchedulerProtocol.InstanceFound>(
                    new SchedulerProtocol.AwaitInstance(id, what, turn), ct, turn);
                return found.Instance;
            }
            catch (ApiException e) when (e.Code is nameof(RequestErrorCode.Timeout)
                && clock.Elapsed < patience)
            {
                // Nobody has gone, and it goes on.
            }
            catch (ApiException e) when (e.IsNoLeader && clock.Elapsed < patience)
            {
                await Task.Delay(AsksLeaderAgainAfter, ct);
            }
            catch (ApiException e) when (e.Code is nameof(RequestErrorCode.Timeout)
                or nameof(RequestErrorCode.Busy))
            {
                return await FindAsync(gateway, id, ct);
            }
        }
    }

    private static async Task<InstanceInfo> FindAsync(
        SchedulerGateway gateway, InstanceId id, CancellationToken ct)
    {
        var found = await gateway.AskAsync<SchedulerProtocol.InstanceFound>(
            new SchedulerProtocol.GetInstance(id), ct);
        return found.Instance;
    }
}

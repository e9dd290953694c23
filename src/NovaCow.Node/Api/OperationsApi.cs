using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

/// <summary>
/// Operations on the disks of an active instance. One is answered once it is durable, with the
/// instance that shows it; with <c>Prefer: wait=N</c> once it has ended, or after N seconds as it
/// is then.
/// </summary>
internal static class OperationsApi
{
    private const string Prefer = "wait=N: answer once it has ended, or after N seconds";

    public static void Map(IEndpointRouteBuilder v1)
    {
        Describe(
            v1.MapPost("/instances/{id}/resize", ResizeAsync),
            "Let the root disk of an instance grow");
        Describe(
            v1.MapPost("/instances/{id}/flatten", FlattenAsync),
            "Let the disks of an instance own their bytes");
        Describe(
            v1.MapPost("/instances/{id}/rebase", RebaseAsync),
            "Make the root disk of an instance a clone of an image as it is registered now");
        Describe(
            v1.MapPost("/instances/{id}/migrate", MigrateAsync),
            "Make disks that own their bytes copy-on-write");
        Describe(
            v1.MapDelete("/instances/{id}/operation", CancelAsync),
            "Give the operation under way up");
    }

    internal static void Describe(RouteHandlerBuilder route, string summary) =>
        route.WithTags("instances").WithSummary(summary)
            .Heeds("Prefer", Prefer)
            .Produces<InstanceResource>()
            .Produces<InstanceResource>(StatusCodes.Status202Accepted)
            .Fails(404, 409, 413, 415, 422);

    private static Task<IResult> ResizeAsync(
        string id, ResizeRequest request, HttpRequest http, SchedulerGateway gateway,
        CancellationToken ct) =>
        ChangeAsync(id, new ChangeRequest.Resize(request.RootBytes), http, gateway, ct);

    private static Task<IResult> FlattenAsync(
        string id, HttpRequest http, SchedulerGateway gateway, CancellationToken ct) =>
        ChangeAsync(id, new ChangeRequest.Flatten(), http, gateway, ct);

    private static Task<IResult> RebaseAsync(
        string id, RebaseRequest? request, HttpRequest http, SchedulerGateway gateway,
        CancellationToken ct)
    {
        var image = Parse.OptionalId<ImageName>("image", request?.Image);
        return ChangeAsync(id, new ChangeRequest.Rebase(image), http, gateway, ct);
    }

    private static Task<IResult> MigrateAsync(
        string id, MigrateRequest? request, HttpRequest http, SchedulerGateway gateway,
        CancellationToken ct)
    {
        if (request?.Driver is { } driver && !DriverName.All.Contains(driver))
        {
            throw ApiException.Invalid(
                $"driver '{driver}': expected one of {string.Join(", ", DriverName.All)}");
        }

        return ChangeAsync(id, new ChangeRequest.Migrate(request?.Driver), http, gateway, ct);
    }

    internal static async Task<IResult> ChangeAsync(
        string id, ChangeRequest request, HttpRequest http, SchedulerGateway gateway,
        CancellationToken ct)
    {
        var wait = Parse.Wait(http);
        var instance = Parse.Id<InstanceId>("id", id);
        var command = new SchedulerProtocol.ChangeInstance(instance, request);
        return await AnswerAsync(instance, command, wait, gateway, ct);
    }

    private static async Task<IResult> CancelAsync(
        string id, HttpRequest http, SchedulerGateway gateway, CancellationToken ct)
    {
        var wait = Parse.Wait(http);
        var instance = Parse.Id<InstanceId>("id", id);
        var found = await gateway.AskAsync<SchedulerProtocol.InstanceFound>(
            new SchedulerProtocol.GetInstance(instance), ct);
        ISchedulerMessage command = found.Instance.Move?.IsOpen() == true
            ? new SchedulerProtocol.CancelInstanceMove(instance)
            : new SchedulerProtocol.CancelInstanceChange(instance);
        return await AnswerAsync(instance, command, wait, gateway, ct);
    }

    internal static async Task<IResult> AnswerAsync(
        InstanceId id, ISchedulerMessage command, TimeSpan? wait, SchedulerGateway gateway,
        CancellationToken ct)
    {
        var found = await gateway.AskAsync<SchedulerProtocol.InstanceFound>(command, ct);
        var now = found.Instance;
        if (wait is { } patience && IsOpen(now))
        {
            now = await InstancesApi.SettledAsync(
                gateway, id, SchedulerProtocol.Awaited.Changed, patience, ct);
        }

        return IsOpen(now)
            ? TypedResults.Accepted($"/v1/instances/{id}", now.ToResource())
            : TypedResults.Ok(now.ToResource());
    }

    private static bool IsOpen(InstanceInfo instance) =>
        instance.Change?.IsOpen() == true || instance.Move?.IsOpen() == true;
}

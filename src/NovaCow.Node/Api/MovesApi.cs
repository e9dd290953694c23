using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

/// <summary>Moves of instances to other hosts; answered as operations on their disks are.</summary>
internal static class MovesApi
{
    public static void Map(IEndpointRouteBuilder v1)
    {
        OperationsApi.Describe(
            v1.MapPost("/instances/{id}/move", MoveAsync),
            "Move an instance to another host; its disks stay copy-on-write");
        v1.MapPost("/hosts/{name}/empty", EmptyAsync).WithTags("hosts")
            .WithSummary("Move a few of a host's instances to others; ask until it is empty")
            .Fails(404);
        v1.MapPost("/hosts/{name}/evacuate", EvacuateAsync).WithTags("hosts")
            .WithSummary(
                "Have a few of a dead host's instances taken over by hosts on its shared storage; "
                    + "only where a person says that it is off, and it is unreachable")
            .Fails(400, 404, 409, 422);
    }

    private static async Task<HostMovesResource> EmptyAsync(
        string name, SchedulerGateway gateway, CancellationToken ct)
    {
        var emptied = await gateway.AskAsync<SchedulerProtocol.HostEmptied>(
            new SchedulerProtocol.EmptyHost(Parse.Id<HostId>("name", name)), ct);
        return ToResource(emptied.Moves);
    }

    private static async Task<HostMovesResource> EvacuateAsync(
        string name, EvacuateHostRequest? request, SchedulerGateway gateway, CancellationToken ct)
    {
        var evacuation = new EvacuationRequest(
            Parse.OptionalId<HostId>("to", request?.To),
            request?.Fenced == true,
            request?.Again == true);
        var emptied = await gateway.AskAsync<SchedulerProtocol.HostEmptied>(
            new SchedulerProtocol.EvacuateHost(Parse.Id<HostId>("name", name), evacuation), ct);
        return ToResource(emptied.Moves);
    }

    private static HostMovesResource ToResource(HostMoves moves) => new()
    {
        Moving = moves.Moving,
        Waiting = moves.Waiting,
        Staying =
        [
            .. moves.Staying.Select(s => new StayingResource { Id = s.Id.Value, Reason = s.Why }),
        ],
    };

    private static async Task<IResult> MoveAsync(
        string id, MoveInstanceRequest? request, HttpRequest http, SchedulerGateway gateway,
        CancellationToken ct)
    {
        var wait = Parse.Wait(http);
        var instance = Parse.Id<InstanceId>("id", id);
        var command = new SchedulerProtocol.MoveInstance(instance, new MoveRequest(
            Parse.OptionalId<HostId>("to", request?.To),
            Parse.OptionalId<HostId>("from", request?.From)));
        return await OperationsApi.AnswerAsync(instance, command, wait, gateway, ct);
    }
}

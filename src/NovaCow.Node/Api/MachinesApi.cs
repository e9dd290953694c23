using System.Text;
using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

/// <summary>Instances' machines and further disks; what changes them is answered as operations on
/// disks are.</summary>
internal static class MachinesApi
{
    private const string Libvirt = "libvirt";
    private const string Qemu = "qemu";

    public static void Map(IEndpointRouteBuilder v1)
    {
        OperationsApi.Describe(
            v1.MapPost("/instances/{id}/start", StartAsync), "Start the machine of an instance");
        OperationsApi.Describe(
            v1.MapPost("/instances/{id}/stop", StopAsync), "Stop the machine of an instance");
        OperationsApi.Describe(
            v1.MapPost("/instances/{id}/reboot", RebootAsync),
            "Stop the machine of an instance and start it");
        OperationsApi.Describe(
            v1.MapPost("/instances/{id}/rebuild", RebuildAsync),
            "Make the root disk of an instance anew from an image; what it held is lost");
        OperationsApi.Describe(
            v1.MapPost("/instances/{id}/capture", CaptureAsync),
            "Make an image of the root disk of an instance");
        OperationsApi.Describe(
            v1.MapPost("/instances/{id}/disks", AttachAsync),
            "Plug a further disk in: a new one, or one that was unplugged");
        OperationsApi.Describe(
            v1.MapDelete("/instances/{id}/disks/{disk}", DetachAsync), "Unplug a further disk");
        v1.MapGet("/instances/{id}/domain", DescribeAsync).WithTags("instances")
            .WithSummary("Describe the machine as libvirt's domain XML, or with format=qemu as a "
                + "command and its arguments")
            .Produces<string>(StatusCodes.Status200OK, "application/xml", "application/json")
            .Fails(404, 409);
    }

    private static Task<IResult> StartAsync(
        string id, HttpRequest http, SchedulerGateway gateway, CancellationToken ct) =>
        OperationsApi.ChangeAsync(id, new ChangeRequest.Start(), http, gateway, ct);

    private static Task<IResult> StopAsync(
        string id, StopRequest? request, HttpRequest http, SchedulerGateway gateway,
        CancellationToken ct) =>
        OperationsApi.ChangeAsync(
            id, new ChangeRequest.Stop(Parse.Grace(request)), http, gateway, ct);

    private static Task<IResult> RebootAsync(
        string id, StopRequest? request, HttpRequest http, SchedulerGateway gateway,
        CancellationToken ct) =>
        OperationsApi.ChangeAsync(
            id, new ChangeRequest.Reboot(Parse.Grace(request)), http, gateway, ct);

    private static Task<IResult> RebuildAsync(
        string id, RebuildRequest request, HttpRequest http, SchedulerGateway gateway,
        CancellationToken ct) =>
        OperationsApi.ChangeAsync(
            id,
            new ChangeRequest.Rebuild(Parse.Id<ImageName>("image", request.Image)),
            http, gateway, ct);

    private static Task<IResult> CaptureAsync(
        string id, CaptureImageRequest request, HttpRequest http, SchedulerGateway gateway,
        CancellationToken ct) =>
        OperationsApi.ChangeAsync(
            id,
            new ChangeRequest.Capture(Parse.Id<ImageName>("name", request.Name)),
            http, gateway, ct);

    private static Task<IResult> AttachAsync(
        string id, AttachDiskRequest request, HttpRequest http, SchedulerGateway gateway,
        CancellationToken ct) =>
        OperationsApi.ChangeAsync(id, Parse.Attach(request), http, gateway, ct);

    private static Task<IResult> DetachAsync(
        string id, string disk, HttpRequest http, SchedulerGateway gateway, CancellationToken ct,
        string? delete = null) =>
        OperationsApi.ChangeAsync(
            id,
            new ChangeRequest.Detach(
                Parse.Id<DiskName>("disk", disk), Parse.Flag("delete", delete)),
            http, gateway, ct);

    private static async Task<IResult> DescribeAsync(
        string id, HttpResponse response, SchedulerGateway gateway, CancellationToken ct,
        string? format = null)
    {
        if (format is not (null or Libvirt or Qemu))
            throw ApiException.Invalid($"format '{format}': expected {Libvirt} or {Qemu}");
        var described = await gateway.AskAsync<SchedulerProtocol.MachineDescribed>(
            new SchedulerProtocol.DescribeMachine(Parse.Id<InstanceId>("id", id)), ct,
            SchedulerGateway.HostAnswersWithin);
        response.Headers.XContentTypeOptions = "nosniff";
        var machine = described.Description;
        return format == Qemu
            ? TypedResults.Ok(machine.QemuArguments)
            : TypedResults.Text(machine.DomainXml, "application/xml", Encoding.UTF8);
    }
}

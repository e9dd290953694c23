using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Node.Catalogue;

namespace NovaCow.Node.Api;

/// <summary>The copies of images, and their versions.</summary>
internal static class CacheApi
{
    public static void Map(IEndpointRouteBuilder v1)
    {
        v1.MapGet("/cache", GetAllAsync).WithTags("cache")
            .WithSummary("Show every image's copies and every host's bases")
            .Fails();
        v1.MapGet("/images/{name}/cache", GetOneAsync).WithTags("cache")
            .WithSummary("Show an image's copies")
            .Fails(404);
        v1.MapPut("/images/{name}/precache", PrecacheAsync).WithTags("cache")
            .WithSummary("Have copies of an image on hosts, and keep their number")
            .Fails(404, 413, 415);
        v1.MapDelete("/images/{name}/precache", EndPrecacheAsync).WithTags("cache")
            .WithSummary("Want copies of an image no more")
            .Produces(StatusCodes.Status204NoContent)
            .Fails(404);
        v1.MapPut("/images/{name}/pin", PinAsync).WithTags("cache")
            .WithSummary("Keep an image's copies from eviction")
            .Fails(404, 413, 415);
        v1.MapDelete("/images/{name}/pin", UnpinAsync).WithTags("cache")
            .WithSummary("Take a pin back, on the hosts that are named or on all")
            .Produces(StatusCodes.Status204NoContent)
            .Fails(404, 409);
        v1.MapPost("/images/{name}/update", UpdateAsync).WithTags("images")
            .WithSummary("Give an image a next version, which launches take once hosts have it")
            .Produces<ImageResource>(StatusCodes.Status202Accepted)
            .Produces<ImageResource>()
            .Fails(404, 409, 413, 415, 422, 502, 507);
        v1.MapDelete("/images/{name}/update", AbortAsync).WithTags("images")
            .WithSummary("Give the update of an image up")
            .Fails(404, 409);
        v1.MapPost("/images/{name}/rollback", RollBackAsync).WithTags("images")
            .WithSummary("Go back to an image's previous version")
            .Fails(404, 409, 422);
    }

    private static async Task<CacheResource> GetAllAsync(
        SchedulerGateway gateway, CancellationToken ct)
    {
        var found = await gateway.AskAsync<SchedulerProtocol.CacheFound>(
            new SchedulerProtocol.GetCache(null), ct);
        return found.ToResource();
    }

    private static Task<ImageCacheResource> GetOneAsync(
        string name, SchedulerGateway gateway, CancellationToken ct) =>
        AskAsync(gateway, new SchedulerProtocol.GetCache(Image(name)), ct);

    private static Task<ImageCacheResource> PrecacheAsync(
        string name, PrecacheRequest request, SchedulerGateway gateway, CancellationToken ct) =>
        request.Copies == 0 && request.Hosts.Count == 0
            ? throw ApiException.Invalid(
                "copies and hosts: expected a number of copies, hosts that are to have one, or "
                    + "both; DELETE takes a precache back")
            : AskAsync(
                gateway,
                new SchedulerProtocol.Precache(Image(name), request.Copies, Hosts(request.Hosts)),
                ct);

    private static async Task<IResult> EndPrecacheAsync(
        string name, SchedulerGateway gateway, CancellationToken ct)
    {
        await AskAsync(gateway, new SchedulerProtocol.Precache(Image(name), 0, []), ct);
        return TypedResults.NoContent();
    }

    private static Task<ImageCacheResource> PinAsync(
        string name, PinRequest request, SchedulerGateway gateway, CancellationToken ct) =>
        AskAsync(
            gateway,
            new SchedulerProtocol.PinImage(Image(name), IsPinned: true, Hosts(request.Hosts)),
            ct);

    private static async Task<IResult> UnpinAsync(
        string name, SchedulerGateway gateway, CancellationToken ct, string[]? host = null)
    {
        await AskAsync(
            gateway,
            new SchedulerProtocol.PinImage(Image(name), IsPinned: false, Hosts(host ?? [])),
            ct);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> UpdateAsync(
        string name,
        UpdateImageRequest request,
        SchedulerGateway gateway,
        ImageRegistrar registrar,
        CancellationToken ct)
    {
        var current = await gateway.AskAsync<SchedulerProtocol.ImageFound>(
            new SchedulerProtocol.GetImage(Image(name)), ct);
        var image = current.Image;
        var next = await registrar.ComputeAsync(
            new RegisterImageRequest
            {
                Name = image.Name.Value,
                Source = request.Source,
                Digest = request.Digest,
                Format = request.Format ?? (image.Format.IsBootFile()
                    ? image.Format.ToString().ToLowerInvariant() : null),
                OsType = image.OsType?.Value,
                Kernel = image.Kernel?.Value,
                Ramdisk = image.Ramdisk?.Value,
                KernelArguments = image.KernelArguments,
            },
            ct);
        var resource = await AskForImageAsync(
            gateway, new SchedulerProtocol.UpdateImage(next, request.MinWarm), ct);
        return resource.Versions?.Update?.EndedAt is null && resource.Versions is not null
            ? TypedResults.Accepted($"/v1/images/{resource.Name}", resource)
            : TypedResults.Ok(resource);
    }

    private static Task<ImageResource> AbortAsync(
        string name, SchedulerGateway gateway, CancellationToken ct) =>
        AskForImageAsync(gateway, new SchedulerProtocol.AbortImageUpdate(Image(name)), ct);

    private static Task<ImageResource> RollBackAsync(
        string name, SchedulerGateway gateway, CancellationToken ct) =>
        AskForImageAsync(gateway, new SchedulerProtocol.RollBackImage(Image(name)), ct);

    private static async Task<ImageResource> AskForImageAsync(
        SchedulerGateway gateway, ISchedulerMessage message, CancellationToken ct) =>
        (await gateway.AskAsync<SchedulerProtocol.ImageFound>(message, ct)).ToResource();

    private static async Task<ImageCacheResource> AskAsync(
        SchedulerGateway gateway, ISchedulerMessage message, CancellationToken ct) =>
        (await gateway.AskAsync<SchedulerProtocol.CacheFound>(message, ct)).Images[0].ToResource();

    private static ImageName Image(string name) => Parse.Id<ImageName>("name", name);

    private static List<HostId> Hosts(IEnumerable<string> hosts) =>
        [.. hosts.Select(h => Parse.Id<HostId>("hosts", h))];
}

using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Node.Catalogue;

namespace NovaCow.Node.Api;

/// <summary>Images and flavors.</summary>
internal static class CatalogueApi
{
    public static void Map(IEndpointRouteBuilder v1)
    {
        v1.MapPost("/images", RegisterAsync).WithTags("images").WithSummary("Register an image")
            .Produces<ImageResource>(StatusCodes.Status201Created)
            .Produces<ImageResource>()
            .Fails(404, 409, 413, 415, 422, 502, 507);
        v1.MapGet("/images", ListImagesAsync).WithTags("images").WithSummary("List the images")
            .Fails();
        v1.MapGet("/images/{name}", GetImageAsync).WithTags("images").WithSummary("Show an image")
            .Fails(404);
        v1.MapDelete("/images/{name}", DeleteImageAsync).WithTags("images")
            .WithSummary("Remove an image from the catalogue; its bases and instances stay")
            .Produces(StatusCodes.Status204NoContent)
            .Fails(404, 409);
        v1.MapGet("/flavors", ListFlavorsAsync).WithTags("flavors").WithSummary("List the flavors")
            .Fails();
        v1.MapGet("/flavors/{name}", GetFlavorAsync).WithTags("flavors")
            .WithSummary("Show a flavor")
            .Fails(404);
    }

    private static async Task<IResult> RegisterAsync(
        RegisterImageRequest request,
        SchedulerGateway gateway,
        ImageRegistrar registrar,
        CancellationToken ct)
    {
        // Said before a long download rather than after it; the scheduler judges for good.
        foreach (var boot in new[] { request.Kernel, request.Ramdisk })
        {
            if (boot is not null)
                await GetImageAsync(boot, gateway, ct);
        }

        var image = await registrar.ComputeAsync(request, ct);
        var answer = await gateway.AskAsync<SchedulerProtocol.ImageRegistered>(
            new SchedulerProtocol.RegisterImage(image), ct);
        var resource = answer.Image.ToResource();
        return answer.Created
            ? TypedResults.Created($"/v1/images/{resource.Name}", resource)
            : TypedResults.Ok(resource);
    }

    private static async Task<Page<ImageResource>> ListImagesAsync(
        SchedulerGateway gateway, CancellationToken ct)
    {
        var list = await gateway.AskAsync<SchedulerProtocol.ImageList>(
            new SchedulerProtocol.ListImages(), ct);
        return new Page<ImageResource>([.. list.Images.Select(i => i.ToResource())], null);
    }

    private static async Task<ImageResource> GetImageAsync(
        string name, SchedulerGateway gateway, CancellationToken ct)
    {
        var found = await gateway.AskAsync<SchedulerProtocol.ImageFound>(
            new SchedulerProtocol.GetImage(Parse.Id<ImageName>("name", name)), ct);
        return found.ToResource();
    }

    private static async Task<IResult> DeleteImageAsync(
        string name, SchedulerGateway gateway, CancellationToken ct)
    {
        await gateway.AskAsync<SchedulerProtocol.ImageDeleted>(
            new SchedulerProtocol.DeleteImage(Parse.Id<ImageName>("name", name)), ct);
        return TypedResults.NoContent();
    }

    private static async Task<Page<FlavorResource>> ListFlavorsAsync(
        SchedulerGateway gateway, CancellationToken ct)
    {
        var list = await gateway.AskAsync<SchedulerProtocol.FlavorList>(
            new SchedulerProtocol.ListFlavors(), ct);
        return new Page<FlavorResource>([.. list.Flavors.Select(f => f.ToResource())], null);
    }

    private static async Task<FlavorResource> GetFlavorAsync(
        string name, SchedulerGateway gateway, CancellationToken ct)
    {
        var found = await gateway.AskAsync<SchedulerProtocol.FlavorFound>(
            new SchedulerProtocol.GetFlavor(Parse.Id<FlavorName>("name", name)), ct);
        return found.Flavor.ToResource();
    }
}

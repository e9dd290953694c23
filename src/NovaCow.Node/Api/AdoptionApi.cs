using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

/// <summary>
/// Takes over the instances of another system: their host looks at their folder, their bases are
/// registered as images, and they are launched there with the bytes that they have.
/// </summary>
internal static class AdoptionApi
{
    private const int NameDigits = 12;
    private const string FlavorOfAdopted = "adopted";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static void Map(IEndpointRouteBuilder v1) =>
        v1.MapPost("/hosts/{name}/adoptions", AdoptAsync).WithTags("hosts")
            .WithSummary("Adopt the instances in a folder laid out as Nova's")
            .Fails(404, 409, 413, 415, 422);

    private static async Task<AdoptResponse> AdoptAsync(
        string name, AdoptRequest request, SchedulerGateway gateway, CancellationToken ct)
    {
        var host = Parse.Id<HostId>("name", name);
        var image = Parse.OptionalId<ImageName>("image", request.Image);
        var scanned = await gateway.AskAsync<SchedulerProtocol.FolderScanned>(
            new SchedulerProtocol.ScanFolder(
                host, request.Folder, WithDigests: !request.DryRun && image is null),
            ct,
            Patience);
        var found = Only(scanned.Found, request.Ids);
        Dictionary<InstanceId, LaunchPhase> phases = [];
        if (!request.DryRun)
        {
            if (image is null)
                await RegisterAsync(gateway, found, ct);
            foreach (var some in Adoptable(found, image).Chunk(
                SchedulerProtocol.MaxLaunchesPerCommand))
            {
                var accepted = await gateway.AskAsync<SchedulerProtocol.LaunchAccepted>(
                    new SchedulerProtocol.Adopt([.. some.Select(i => Request(host, i, image))]), ct);
                foreach (var instance in accepted.Instances)
                    phases[instance.Id] = instance.Phase;
            }
        }

        return new AdoptResponse
        {
            Instances = [.. found.Instances.Select(i => ToResource(i, image, phases))],
            Bases =
            [
                .. found.Bases.Select(b => new AdoptedBase(
                    b.Path, NameOf(b.Path).Value, b.SizeBytes, b.AllocatedBytes,
                    found.Instances.Sum(i => i.Disks.Count(d => d.BackingPath == b.Path)))),
            ],
        };
    }

    private static ForeignFolder Only(ForeignFolder found, IReadOnlyList<string>? ids)
    {
        if (ids is null)
            return found;
        var wanted = ids.Select(id => Parse.Id<InstanceId>("ids", id)).ToHashSet();
        var missing = wanted.Except(found.Instances.Select(i => i.Id)).FirstOrDefault();
        if (missing is not null)
            throw ApiException.Invalid($"ids: there is no instance {missing} in the folder");
        ForeignInstance[] some = [.. found.Instances.Where(i => wanted.Contains(i.Id))];
        var used = some.SelectMany(i => i.Disks).Select(d => d.BackingPath).ToHashSet();
        return new ForeignFolder(some, [.. found.Bases.Where(b => used.Contains(b.Path))]);
    }

    private static async Task RegisterAsync(
        SchedulerGateway gateway, ForeignFolder found, CancellationToken ct)
    {
        var roots = Adoptable(found, null).Select(i => i.Disks[0].BackingPath).ToHashSet();
        foreach (var volume in found.Bases.Where(b => roots.Contains(b.Path)))
        {
            var image = new Image
            {
                Name = NameOf(volume.Path),
                Source = new Uri($"file://{volume.Path}"),
                Digest = volume.Digest
                    ?? throw new InvalidOperationException($"{volume.Path}: no digest was read"),
                Format = DiskFormat.Raw,
                SizeBytes = volume.SizeBytes,
                VirtualSizeBytes = WholeSectors(volume.SizeBytes),
                MinDiskBytes = WholeSectors(volume.SizeBytes),
            };
            await gateway.AskAsync<SchedulerProtocol.ImageRegistered>(
                new SchedulerProtocol.RegisterImage(image), ct);
        }
    }

    private static IEnumerable<ForeignInstance> Adoptable(ForeignFolder found, ImageName? image) =>
        found.Instances.Where(i => ProblemOf(i, image) is null);

    private static string? ProblemOf(ForeignInstance instance, ImageName? image) =>
        instance.Problem
        ?? (image is null && instance.Disks[0].BackingPath is null
            ? $"{instance.Disks[0].Path} owns all of its bytes: name the image it came from"
            : null);

    private static AdoptionRequest Request(HostId host, ForeignInstance instance, ImageName? image)
    {
        var root = instance.Disks[0];
        var flavor = new Flavor
        {
            Name = FlavorName.Parse(FlavorOfAdopted),
            VCpus = instance.VCpus,
            MemoryBytes = instance.MemoryBytes,
            RootDiskBytes = root.VirtualSizeBytes,

            // What they are formatted with is in their own bytes.
            EphemeralDisks =
            [
                .. instance.Disks
                    .Where(d => d.Name != DiskName.Root && d.Name != DiskName.Swap)
                    .Select(d => new BlankSpec(d.VirtualSizeBytes, BlankFileSystem.Raw)),
            ],
            SwapBytes = instance.Disks.FirstOrDefault(d => d.Name == DiskName.Swap)
                ?.VirtualSizeBytes ?? 0,
        };
        return new AdoptionRequest(
            instance.Id,
            image ?? NameOf(root.BackingPath!),
            flavor,
            new Adoption(host, instance.Disks));
    }

    /// <summary>The image of a base, by the name that Nova gave its file.</summary>
    private static ImageName NameOf(string path)
    {
        var file = Path.GetFileName(path).Replace('_', '-').ToLowerInvariant();
        return ImageName.Parse($"nova-{file[..Math.Min(file.Length, NameDigits)]}");
    }

    private static long WholeSectors(long bytes) => (bytes + 511) / 512 * 512;

    private static AdoptedInstance ToResource(
        ForeignInstance instance, ImageName? image, Dictionary<InstanceId, LaunchPhase> phases)
    {
        var problem = ProblemOf(instance, image);
        return new AdoptedInstance
        {
            Id = instance.Id.Value,
            VCpus = instance.VCpus,
            MemoryBytes = instance.MemoryBytes,
            Disks =
            [
                .. instance.Disks.Select(d => new AdoptedDisk(
                    d.Name.Value, d.Path, d.Format, d.BackingPath, d.VirtualSizeBytes,
                    d.AllocatedBytes)),
            ],
            LeftAlone = instance.LeftAlone,
            Image = problem is not null ? null
                : (image ?? NameOf(instance.Disks[0].BackingPath!)).Value,
            State = phases.TryGetValue(instance.Id, out var phase)
                ? phase.ToString().ToLowerInvariant()
                : null,
            Problem = problem,
        };
    }
}

namespace NovaCow.Core.Scheduling;

/// <summary>An instance of another system to take over.</summary>
/// <param name="Id">The instance, under the id it has there.</param>
/// <param name="Image">The image that its root disk becomes a clone of.</param>
/// <param name="Flavor">Its sizes as they are.</param>
/// <param name="Adoption">Where its disks are.</param>
public sealed record AdoptionRequest(
    InstanceId Id, ImageName Image, Flavor Flavor, Adoption Adoption);

public sealed partial class SchedulerCore
{
    /// <summary>
    /// Takes instances over, all or none: launches that only the host with their disks can take,
    /// and whose disks hold what those do. One that was taken over already is answered as it is.
    /// </summary>
    public Decision Adopt(IReadOnlyList<AdoptionRequest> requests, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(requests);
        if (CheckIds([.. requests.Select(r => r.Id)]) is { } bad)
            return bad;
        List<LaunchAccepted> added = [];
        foreach (var request in requests)
        {
            if (!State.Images.TryGetValue(request.Image, out var image))
                return NoSuchImage(request.Image);
            if (!State.Hosts.ContainsKey(request.Adoption.Host))
                return NoSuchHost(request.Adoption.Host);
            if (CheckFit(image, request.Flavor) is { } tooSmall)
                return tooSmall;
            if (CheckAdopted(request, out var isKnown) is { } conflict)
                return conflict;
            var spec = new LaunchSpec(image, request.Flavor)
            {
                Adoption = request.Adoption,
                Layout = DiskLayout.Whole,
            };
            if (!isKnown)
                added.Add(new LaunchAccepted(request.Id, spec, now));
        }

        var decision = new Decision();
        foreach (var accepted in added)
            Emit(decision, accepted);
        PlaceAll(decision, added.Select(a => State.Launches[a.Id]), now);
        decision.Instances.AddRange(requests.Select(r => Find(r.Id, now)!));
        return decision;
    }

    private Decision? CheckAdopted(AdoptionRequest request, out bool isKnown)
    {
        isKnown = State.Launches.TryGetValue(request.Id, out var launch);
        var isSame = launch?.Spec.Adoption?.Host == request.Adoption.Host;
        if ((isKnown && isSame) || (!isKnown && State.Deleted.Find(request.Id) is null))
            return null;
        return Decision.Refuse(
            RequestErrorCode.Conflict,
            $"instance {request.Id}: the id was used for another instance; rename the folder of "
                + "the one to adopt, or leave it out");
    }
}

namespace NovaCow.Core.Scheduling;

public sealed partial class SchedulerCore
{
    /// <summary>Takes launches, all or none, and places those that a host has room for.</summary>
    public Decision Launch(LaunchOrder order, IReadOnlyList<InstanceId> ids, DateTimeOffset now)
    {
        if (CheckIds(ids) is { } bad)
            return bad;
        order = order with { Options = order.Options.Completed() };
        if (CheckKnown(order, ids, out var added) is { } conflict)
            return conflict;
        if (added.Count == 0)
            return Describe(ids);
        var (spec, refusal) = SpecOf(order);
        if (spec is null)
            return refusal!;
        if (CheckQueue(spec.ProjectOrDefault, added.Count, now) is { } full)
            return full;
        var decision = new Decision();
        foreach (var id in added)
            Emit(decision, new LaunchAccepted(id, spec, now));

        // Where there may be room for those that wait, it is theirs first.
        if (_mayPlace)
            PlaceWaiting(decision, now);
        else
            PlaceAll(decision, added.Select(id => State.Launches[id]), now);
        decision.Instances.AddRange(ids.Select(id => Find(id, now)!));
        return decision;
    }

    /// <summary>Removes an instance, or takes a launch back.</summary>
    public Decision Delete(InstanceId id, DateTimeOffset now)
    {
        var decision = new Decision();
        if (State.Launches.TryGetValue(id, out var launch))
            Say(decision, launch, new LaunchCommand.Delete(), now);
        EndOnRemovedHost(decision, id, now);
        if (Find(id, now) is not { } info)
            return NoSuchInstance(id);
        decision.Instances.Add(info);
        return decision;
    }

    /// <summary>The refusal of a question about an instance that there is not.</summary>
    public static Decision NoSuchInstance(InstanceId id) => Decision.Refuse(
        RequestErrorCode.InstanceNotFound,
        $"instance {id}: there is none of that id; look for it in the list of instances");

    private static Decision? CheckIds(IReadOnlyList<InstanceId> ids)
    {
        if (ids.Count is 0 or > MaxLaunchesPerCommand)
        {
            return Decision.Refuse(
                RequestErrorCode.InvalidRequest,
                $"{ids.Count} instances asked for: give 1 to {MaxLaunchesPerCommand} at a time");
        }

        if (ids.Count == 1)
            return null;
        var seen = new HashSet<InstanceId>(ids.Count);
        var twice = ids.FirstOrDefault(id => !seen.Add(id));
        return twice is null
            ? null
            : Decision.Refuse(
                RequestErrorCode.InvalidRequest,
                $"instance {twice}: named twice in one request; give each its own id");
    }

    private Decision? CheckKnown(
        LaunchOrder order, IReadOnlyList<InstanceId> ids, out List<InstanceId> added)
    {
        added = new List<InstanceId>(ids.Count);
        var asked = order.Sealed();
        foreach (var id in ids)
        {
            var known = State.Launches.TryGetValue(id, out var launch)
                ? launch.Spec.Order()
                : State.Deleted.Find(id)?.Order();
            if (known is null)
                added.Add(id);
            else if (known.Sealed() != asked)
            {
                return Decision.Refuse(
                    RequestErrorCode.Conflict,
                    $"instance {id}: the id was used for {known}; choose another id");
            }
        }

        return null;
    }

    /// <summary>What a launch is to become; else why it cannot be taken.</summary>
    private (LaunchSpec? Spec, Decision? Refusal) SpecOf(LaunchOrder order)
    {
        var options = order.Options.Completed();
        if (options.Problem() is { } problem)
            return (null, Decision.Refuse(problem.Code, problem.Message));
        if (!State.Images.TryGetValue(order.Image, out var image))
            return (null, NoSuchImage(order.Image));
        if (!_flavors.TryGetValue(order.Flavor, out var flavor))
            return (null, NoSuchFlavor(order.Flavor));
        if ((NotBootable(image) ?? CheckFit(image, flavor)) is { } refusal)
            return (null, refusal);
        var spec = new LaunchSpec(image, FileSystems.Resolve(flavor, image))
        {
            Driver = options.Driver,
            Layout = options.Layout,
            On = options.On,
            Group = options.Group,
            IsGroupSoft = options.IsGroupSoft,
            Guest = options.Guest,
            Hypervisor = options.Hypervisor,
            Project = options.Project,
            Priority = options.Priority,
            Kernel = image.Kernel is null ? null : State.Images[image.Kernel],
            Ramdisk = image.Ramdisk is null ? null : State.Images[image.Ramdisk],
        };
        return (spec, null);
    }

    private static Decision? CheckFit(Image image, Flavor flavor)
    {
        var need = Math.Max(image.MinDiskBytes, image.VirtualSizeBytes);
        return flavor.RootDiskBytes == 0 || flavor.RootDiskBytes >= need
            ? null
            : Decision.Refuse(
                RequestErrorCode.FlavorTooSmall,
                $"flavor {flavor.Name}: its root disk has {flavor.RootDiskBytes} bytes and image "
                    + $"{image.Name} needs {need}; choose a larger flavor");
    }

    private Decision Describe(IReadOnlyList<InstanceId> ids)
    {
        var decision = new Decision();
        decision.Instances.AddRange(ids.Select(id => Find(id, default)!));
        return decision;
    }

    /// <summary>Says something to a launch, and does what follows from it.</summary>
    private LaunchAnswer Say(
        Decision decision, Launch launch, LaunchCommand command, DateTimeOffset now)
    {
        var (happened, answer) =
            LaunchDecisions.Decide(launch, command, _limits.MaxFailedHosts, now);
        if (happened is null)
            return answer;
        Emit(decision, happened);
        if (State.Launches.TryGetValue(launch.Id, out var after))
        {
            if (happened is AttemptEnded)
                PlaceAll(decision, [after], now);
            else if (launch.IsMoving())
                Follow(decision, launch, after, now);
            else
                Answer(decision, after, answer);
        }

        return LaunchAnswer.None;
    }

    /// <summary>Gives launches to hosts, as far as there is room; the others wait on.</summary>
    private void PlaceAll(Decision decision, IEnumerable<Launch> launches, DateTimeOffset now)
    {
        HashSet<LaunchSpec> refused = new(ReferenceEqualityComparer.Instance);
        foreach (var launch in launches)
        {
            // What no host can take now, no host can take a second of.
            if (!refused.Contains(launch.Spec) && !TryPlace(decision, launch, now))
                refused.Add(launch.Spec);
        }
    }

    /// <summary>Gives a launch to a host, if there is one.</summary>
    /// <returns>False when no other launch that is like it can be placed either.</returns>
    private bool TryPlace(Decision decision, Launch launch, DateTimeOffset now)
    {
        switch (Choose(launch, now))
        {
            case Placement.Chosen chosen:
                Say(
                    decision,
                    launch,
                    new LaunchCommand.Place(chosen.Host, _epoch, chosen.Because()),
                    now);
                return true;
            case Placement.NoValidHost { IsFinal: true }:
                Say(decision, launch, new LaunchCommand.Expire(launch.Error!), now);
                return true;
            default:
                return launch.FailedOn.Count > 0;
        }
    }

    private void Answer(Decision decision, Launch launch, LaunchAnswer answer)
    {
        switch (answer)
        {
            case LaunchAnswer.Prepare:
                decision.Effects.Add(new SchedulerEffect.Prepare(
                    launch.Host!, launch.Id, Fence(launch), launch.Spec));
                break;
            case LaunchAnswer.Commit:
                decision.Effects.Add(new SchedulerEffect.Commit(
                    launch.Host!, launch.Id, Fence(launch))
                {
                    WasActive = launch.WasActive(),
                });
                break;
            case LaunchAnswer.Discard:
                decision.Effects.Add(new SchedulerEffect.Discard(
                    launch.Host!, launch.Id, Fence(launch)));
                break;
            case LaunchAnswer.Change or LaunchAnswer.CancelChange:
                decision.Effects.Add(ChangeCommand(launch, answer));
                break;
        }
    }

    /// <summary>The most launches that one command may ask for.</summary>
    public const int MaxLaunchesPerCommand = 1_000;
}

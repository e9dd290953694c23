namespace NovaCow.Core.Scheduling;

/// <summary>Changes of instances' machines and disks: one at a time for each instance, each of them
/// asked of its host until the host says how it ended.</summary>
public sealed partial class SchedulerCore
{
    private const long SectorBytes = 512;

    // What hosts said last; forgotten with the leader.
    private readonly Dictionary<InstanceId, (int Number, ChangeProgress Progress)> _progress = [];

    /// <summary>Takes a change. One that is under way, or was the last and is done and still so, is
    /// answered as it is; while one is under way another is a conflict.</summary>
    public Decision Change(InstanceId id, ChangeRequest request, DateTimeOffset now)
    {
        if (!State.Launches.TryGetValue(id, out var launch))
            return State.Deleted.Find(id) is null ? NoSuchInstance(id) : NotActive(id, "deleted");
        if (launch.Phase != LaunchPhase.Active)
            return NotActive(id, launch.Phase.ToString().ToLowerInvariant());
        if (Resolve(launch, request, out var change) is { } refusal)
            return refusal;
        if (change is null || IsRepeated(launch, change))
            return Described(id, now);
        var decision = new Decision();
        if (CutsShort(launch, change))
            CutShort(decision, launch, now);
        else if (WhyBusy(launch) is { } busy)
            return Decision.Refuse(RequestErrorCode.Conflict, $"instance {id}: {busy}");
        else if (WhyOn(launch, change) is { } runs)
            return runs;

        Emit(decision, new ChangeAccepted(id, (launch.Change?.Number ?? 0) + 1, change, now));
        Answer(decision, State.Launches[id], LaunchAnswer.Change);
        decision.Instances.Add(Find(id, now)!);
        return decision;
    }

    /// <summary>Has a change given up. One that has ended stays as it ended.</summary>
    public Decision CancelChange(InstanceId id, DateTimeOffset now)
    {
        if (Find(id, now) is null)
            return NoSuchInstance(id);
        if (State.Launches.GetValueOrDefault(id) is not
            { Change: { Phase: ChangePhase.Running } change } launch)
        {
            return Described(id, now);
        }

        var decision = new Decision();
        Emit(decision, new ChangeCancelling(id, change.Number, change.Change.Kind, now));
        Answer(decision, State.Launches[launch.Id], LaunchAnswer.CancelChange);
        decision.Instances.Add(Find(id, now)!);
        return decision;
    }

    /// <summary>A host says how a change ended.</summary>
    public Decision ChangeEnded(
        HostId host, LaunchFence fence, ChangeEnded ended, DateTimeOffset now)
    {
        var decision = new Decision();
        if (Connected(host) is not { } presence)
        {
            decision.Effects.Add(new SchedulerEffect.SayHello(host));
            return decision;
        }

        presence.LastSeenAt = now;
        if (IsUnderWay(ended.Id, host, fence, ended.Number))
            Emit(decision, Registered(decision, ended));
        return decision;
    }

    /// <summary>A host says how far a change is.</summary>
    /// <returns>The instance, when that is news.</returns>
    public InstanceInfo? ChangeProgressed(
        HostId host, InstanceId id, LaunchFence fence, (int Number, ChangeProgress Progress) so)
    {
        if (Connected(host) is null || !IsUnderWay(id, host, fence, so.Number))
            return null;
        _progress[id] = so;
        return Find(id, default);
    }

    private bool IsUnderWay(InstanceId id, HostId host, LaunchFence fence, int number) =>
        State.Launches.TryGetValue(id, out var launch)
            && launch.IsAttempt(host, fence.Attempt)
            && launch.IsChanging()
            && launch.Change!.Number == number;

    private ChangeProgress? ChangeProgressOf(Launch launch) =>
        launch.IsChanging() && _progress.TryGetValue(launch.Id, out var so)
            && so.Number == launch.Change!.Number
            ? so.Progress
            : null;

    /// <summary>What is under way ends with the instance. One whose host seems to have lost it
    /// may come back, and goes on then.</summary>
    private void EndChange(Decision decision, LaunchDeleting ending)
    {
        var launch = State.Launches[ending.Id];
        if (!launch.IsChanging())
            return;
        var error = new LaunchError(
            LaunchErrorCode.Cancelled,
            $"instance {launch.Id}: it is being deleted",
            IsRetryable: false);
        var change = launch.Change!;
        Emit(decision, new ChangeEnded(
            launch.Id, change.Number, change.Change.Kind, error, null, ending.At));
    }

    private SchedulerEffect ChangeCommand(Launch launch, LaunchAnswer answer) =>
        answer == LaunchAnswer.Change
            ? new SchedulerEffect.Change(
                launch.Host!, launch.Id, Fence(launch), launch.Change!.Number,
                launch.Change.Change)
            : new SchedulerEffect.CancelChange(
                launch.Host!, launch.Id, Fence(launch), launch.Change!.Number,
                launch.Change.Change.Kind);

    private static LaunchAnswer UnansweredChange(Launch launch) => launch.Change?.Phase switch
    {
        ChangePhase.Running => LaunchAnswer.Change,
        ChangePhase.Cancelling => LaunchAnswer.CancelChange,
        _ => LaunchAnswer.None,
    };

    private Decision? Resolve(Launch launch, ChangeRequest request, out InstanceChange? change)
    {
        change = null;
        if (request is ChangeRequest.Rebase or ChangeRequest.Migrate
            && launch.Disks.Any(d => d.Layout == DiskLayout.Ec2))
        {
            return CannotChange(
                launch,
                "its root disk has the layout of EC2, with a master boot record of its own before "
                    + "the image: it cannot become a clone of the image; launch a new instance");
        }

        switch (request)
        {
            case ChangeRequest.Resize r:
                return Resize(launch, r.RootBytes, out change);
            case ChangeRequest.Flatten:
                change = new InstanceChange.Flatten();
                return null;
            case ChangeRequest.Rebase r:
                return Rebase(launch, r.Image, out change);
            case ChangeRequest.Migrate r:
                change = new InstanceChange.Migrate(r.Driver, launch.RootImage());
                return r.Driver is null ? null : CheckDriver(launch, r.Driver);
            default:
                return ResolveLife(launch, request, out change);
        }
    }

    private Decision? Resize(Launch launch, long asked, out InstanceChange? change)
    {
        var bytes = asked > long.MaxValue - SectorBytes
            ? asked
            : (asked + SectorBytes - 1) / SectorBytes * SectorBytes;
        change = new InstanceChange.Resize(bytes);
        if (launch.Change is { Phase: ChangePhase.Running } running && running.Change == change)
            return null;
        var now = launch.RootBytes();
        if (bytes < now)
        {
            return CannotChange(
                launch,
                $"its root disk has {now} bytes and cannot shrink to {bytes}; give a larger size");
        }

        if (bytes == now)
            return null;
        var host = ViewOf(launch.Host!);
        return PlacementPolicy.NoRoomFor(bytes - now, host, _limits.Placement) is { } full
            ? Decision.Refuse(
                RequestErrorCode.NoRoom,
                $"instance {launch.Id}: its root disk cannot grow from {now} to {bytes} bytes on "
                    + $"host {launch.Host}: {full}; give a smaller size, or delete instances there")
            : null;
    }

    private Decision? Rebase(Launch launch, ImageName? name, out InstanceChange? change)
    {
        change = null;
        name ??= launch.RootImage().Name;
        if (!State.Images.TryGetValue(name, out var image))
            return NoSuchImage(name);
        change = new InstanceChange.Rebase(image);
        return image.VirtualSizeBytes <= launch.RootBytes()
            ? null
            : CannotChange(
                launch,
                $"image {name} has {image.VirtualSizeBytes} bytes and its root disk "
                    + $"{launch.RootBytes()}; resize the disk first, or give a smaller image");
    }

    private Decision? CheckDriver(Launch launch, string driver)
    {
        var drivers = State.Hosts[launch.Host!].Drivers;
        var sharing = drivers.Where(d => d != DriverName.Copy).ToList();
        return sharing.Contains(driver)
            ? null
            : CannotChange(
                launch,
                driver == DriverName.Copy
                    ? "driver copy shares nothing; flatten lets an instance own its bytes"
                    : $"host {launch.Host} has no volume driver {Names.Printable(driver)}; give "
                        + $"one of {string.Join(", ", sharing)}");
    }

    private static Decision CannotChange(Launch launch, string why) => Decision.Refuse(
        RequestErrorCode.CannotChange, $"instance {launch.Id}: {why}");

    private static Decision NotActive(InstanceId id, string state) => Decision.Refuse(
        RequestErrorCode.Conflict,
        $"instance {id}: it is {state}; only an active instance can be changed");

    private Decision Described(InstanceId id, DateTimeOffset now)
    {
        var decision = new Decision();
        decision.Instances.Add(Find(id, now)!);
        return decision;
    }
}

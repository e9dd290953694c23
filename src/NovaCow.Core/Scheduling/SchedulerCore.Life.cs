namespace NovaCow.Core.Scheduling;

/// <summary>What is asked of an instance's machine, and of what it was made.</summary>
public sealed partial class SchedulerCore
{
    /// <summary>The longest that a guest is given to power off by itself, in seconds.</summary>
    public const int MaxGraceSeconds = 3_600;

    /// <summary>What a request of an instance's life comes to.</summary>
    /// <param name="launch">The instance.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="change">What is to be done; null: it is so already.</param>
    /// <returns>Why it cannot be.</returns>
    private Decision? ResolveLife(
        Launch launch, ChangeRequest request, out InstanceChange? change)
    {
        change = null;
        switch (request)
        {
            case ChangeRequest.Start:
                change = new InstanceChange.Start();
                return RunsNone(launch);
            case ChangeRequest.Stop r:
                change = new InstanceChange.Stop(r.GraceSeconds);
                return RunsNone(launch) ?? WrongGrace(launch, r.GraceSeconds);
            case ChangeRequest.Reboot r:
                change = new InstanceChange.Reboot(r.GraceSeconds);
                return RunsNone(launch) ?? WrongGrace(launch, r.GraceSeconds);
            case ChangeRequest.Rebuild r:
                return Rebuild(launch, r.Image, out change);
            case ChangeRequest.Capture r:
                return Capture(launch, r.Name, out change);
            case ChangeRequest.Attach r:
                return Attach(launch, r, out change);
            case ChangeRequest.Detach r:
                return Detach(launch, r, out change);
            default:
                throw new InvalidOperationException($"unknown request {request}");
        }
    }

    /// <summary>Whether a change is the newest one, and is under way or done. A machine that is not
    /// as it was left, or that nobody hears of, is started and stopped anew; a reboot, a rebuild, a
    /// capture and a new disk that are done can be wanted once more.</summary>
    private bool IsRepeated(Launch launch, InstanceChange change) => launch.Change switch
    {
        { Phase: ChangePhase.Running } last => last.Change == change,
        { Phase: ChangePhase.Done } last => change switch
        {
            InstanceChange.Start => last.Change is InstanceChange.Start
                && PowerOf(launch)?.State == PowerState.Running,
            InstanceChange.Stop => last.Change is InstanceChange.Stop
                && PowerOf(launch)?.State is PowerState.Stopped or PowerState.Crashed,
            InstanceChange.Reboot or InstanceChange.Rebuild => false,
            InstanceChange.Capture or InstanceChange.Attach => false,
            _ => last.Change == change,
        },
        _ => false,
    };

    /// <summary>Why a machine that runs is in the way of a change; null: it is not.</summary>
    private Decision? WhyOn(Launch launch, InstanceChange change) =>
        change is InstanceChange.Resize or InstanceChange.Flatten or InstanceChange.Rebase
            or InstanceChange.Migrate && IsOn(launch)
            ? CannotChange(launch, Runs(launch))
            : null;

    /// <summary>Whether it is no longer to be waited for a guest that was asked to power off.
    /// </summary>
    private static bool CutsShort(Launch launch, InstanceChange change) =>
        change is InstanceChange.Stop { GraceSeconds: 0 }
            && launch.Change is
            {
                Phase: ChangePhase.Running,
                Change: InstanceChange.Stop { GraceSeconds: > 0 }
                    or InstanceChange.Reboot { GraceSeconds: > 0 },
            };

    // Its host gives it up when it hears of the newer one.
    private void CutShort(Decision decision, Launch launch, DateTimeOffset now)
    {
        var change = launch.Change!;
        var error = new LaunchError(
            LaunchErrorCode.Cancelled,
            $"instance {launch.Id}: it was stopped by force instead",
            IsRetryable: false);
        Emit(decision, new ChangeEnded(
            launch.Id, change.Number, change.Change.Kind, error, null, now));
    }

    private Decision? RunsNone(Launch launch) =>
        State.Hosts[launch.Host!].Hypervisor is { RunsMachines: false } hypervisor
            ? CannotChange(
                launch,
                $"host {launch.Host} runs no machines (novacow.host.hypervisor is "
                    + $"{hypervisor.Name}); start its machine by what novacow instance domain "
                    + $"{launch.Id} says, or launch it on a host with a hypervisor")
            : null;

    private static Decision? WrongGrace(Launch launch, int seconds) =>
        seconds is >= 0 and <= MaxGraceSeconds
            ? null
            : Decision.Refuse(
                RequestErrorCode.InvalidRequest,
                $"instance {launch.Id}: a grace of {seconds} s: give 0 to {MaxGraceSeconds}");

    private Decision? Rebuild(Launch launch, ImageName name, out InstanceChange? change)
    {
        change = null;
        if (!State.Images.TryGetValue(name, out var image))
            return NoSuchImage(name);
        if (NotBootable(image) is { } refusal)
            return refusal;
        change = new InstanceChange.Rebuild(image)
        {
            Kernel = image.Kernel is null ? null : State.Images[image.Kernel],
            Ramdisk = image.Ramdisk is null ? null : State.Images[image.Ramdisk],
        };
        if (launch.Disks.Any(d => d.Layout == DiskLayout.Ec2))
        {
            return CannotChange(
                launch,
                "its root disk has the layout of EC2 and holds its local storage too; launch a "
                    + "new instance");
        }

        var need = Math.Max(image.MinDiskBytes, image.VirtualSizeBytes);
        return need <= launch.RootBytes()
            ? null
            : CannotChange(
                launch,
                $"image {name} needs {need} bytes and its root disk has {launch.RootBytes()}; "
                    + "resize the disk first, or give a smaller image");
    }
}

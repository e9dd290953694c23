namespace NovaCow.Core.Scheduling;

/// <summary>Images that are made of instances' disks: a name is one capture's while that is under
/// way, and is registered at its end.</summary>
public sealed partial class SchedulerCore
{
    private Decision? Capture(Launch launch, ImageName name, out InstanceChange? change)
    {
        change = new InstanceChange.Capture(name, launch.RootImage());
        if (IsRepeated(launch, change) && launch.Change!.Phase == ChangePhase.Running)
            return null;
        if (!State.Images.ContainsKey(name))
        {
            // What was captured and deleted since can be captured again.
            return WhyCaptured(name)
                ?? (State.Images.Count < _limits.MaxImages ? null : CatalogueFull(name));
        }

        if (launch.Change is
            { Phase: ChangePhase.Done, Change: InstanceChange.Capture { Name: var last } }
            && last == name)
        {
            change = null;
            return null;
        }

        return Decision.Refuse(
            RequestErrorCode.Conflict,
            $"image {name}: the catalogue has one of that name; choose another name, or delete "
                + "that one first");
    }

    private Decision? WhyCaptured(ImageName name) =>
        State.Captures.TryGetValue(name, out var by)
            ? Decision.Refuse(
                RequestErrorCode.Conflict,
                $"image {name}: instance {by} is being captured under that name; wait for its "
                    + "end, cancel it, or choose another name")
            : null;

    /// <summary>How a change ended, with what follows from it done: what was captured is in the
    /// catalogue, or the change has failed.</summary>
    private ChangeEnded Registered(Decision decision, ChangeEnded ended)
    {
        if (ended.Error is not null
            || State.Launches[ended.Id].Change!.Change is not InstanceChange.Capture capture)
        {
            return ended;
        }

        if (ended.Captured is not { } image)
            return Unregistered(ended, $"image {capture.Name}: its host says nothing of it");
        image = image with { Name = capture.Name };
        if (State.Images.GetValueOrDefault(image.Name) == image)
            return ended;
        var refusal = Problem(image) is { } problem
            ? problem
            : WhyNotRegistered(image)?.Refusal!.Message;
        if (refusal is not null)
            return Unregistered(ended, refusal);
        Emit(decision, new ImageRegistered(image, ended.At));
        return ended with { Captured = image };
    }

    private static ChangeEnded Unregistered(ChangeEnded ended, string why) => ended with
    {
        Captured = null,
        Error = new LaunchError(
            LaunchErrorCode.InvalidRequest,
            $"instance {ended.Id}: it was captured, but not registered: {why}; capture it again",
            IsRetryable: false),
    };
}

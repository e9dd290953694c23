using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>Something that takes long, and how far it is.</summary>
/// <param name="What">What, with which thing.</param>
/// <param name="DoneBytes">Bytes that are done.</param>
/// <param name="TotalBytes">Bytes in all, where that is known.</param>
public sealed record LaunchProgress(string What, long DoneBytes, long? TotalBytes);

/// <summary>Why a launch that was placed is not ready yet.</summary>
public sealed partial class SchedulerCore
{
    /// <summary>A disk of a launch came further on its host.</summary>
    /// <returns>Whether it is of the attempt that counts.</returns>
    public bool Progressed(
        HostId host, InstanceId id, LaunchFence fence, LaunchProgress progress, DateTimeOffset now)
    {
        if (Connected(host) is not { } presence)
            return false;
        presence.LastSeenAt = now;
        var launch = State.Launches.GetValueOrDefault(id);
        var isMaking = launch is { Phase: LaunchPhase.Placed }
            ? launch.IsAttempt(host, fence.Attempt)
            : launch?.Move is { Phase: MovePhase.Copying } move
                && move.To == new MoveEnd(host, fence.Attempt);
        if (!isMaking)
            return false;

        presence.Progress[id] = progress;
        return true;
    }

    /// <summary>What a placed launch waits for: a base that is being made, or a copy.</summary>
    private LaunchProgress? ProgressOf(Launch launch)
    {
        if (Connected(launch.Host!) is not { } presence)
            return null;
        var (image, kernel, ramdisk) =
            (launch.Spec.Image, launch.Spec.Kernel, launch.Spec.Ramdisk);
        return (Making(image) ?? Making(kernel) ?? Making(ramdisk))
            ?? presence.Progress.GetValueOrDefault(launch.Id);

        LaunchProgress? Making(Image? of) =>
            of is not null && presence.Bases.GetValueOrDefault(of.BaseKey())
                is { State: BaseState.Creating, Step: { } step } report
                ? new LaunchProgress(
                    $"{step.ToString().ToLowerInvariant()} {report.Title}", report.DoneBytes,
                    report.TotalBytes)
                : null;
    }
}

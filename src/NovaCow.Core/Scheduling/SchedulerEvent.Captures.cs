namespace NovaCow.Core.Scheduling;

/// <summary>Captured images of a host that nobody refers to are to go. It changes nothing: written
/// so that only the leader can have an image removed.</summary>
/// <param name="Host">The host that made them.</param>
/// <param name="Digests">The images.</param>
/// <param name="At">When it was decided.</param>
public sealed record CapturesDropped(
    HostId Host, IReadOnlyList<Digest> Digests, DateTimeOffset At) : SchedulerEvent(At);

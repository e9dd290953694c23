namespace NovaCow.Core.Scheduling;

public abstract partial record SchedulerEffect
{
    /// <summary>Tell a host to remove captured images.</summary>
    /// <param name="Host">The host.</param>
    /// <param name="Number">Of what it said that it holds: if it has begun a capture since, it
    /// removes nothing.</param>
    /// <param name="Digests">The images.</param>
    public sealed record DropCaptures(
        HostId Host, long Number, IReadOnlyList<Digest> Digests) : SchedulerEffect;
}

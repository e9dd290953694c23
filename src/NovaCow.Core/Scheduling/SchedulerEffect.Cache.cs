using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

public abstract partial record SchedulerEffect
{
    /// <summary>Tell a host to have a copy of an image, ahead of any launch.</summary>
    public sealed record EnsureBase(HostId Host, Image Image) : SchedulerEffect;

    /// <summary>Tell a host which of its bases to keep.</summary>
    public sealed record Keep(HostId Host, KeptBases Kept) : SchedulerEffect;
}

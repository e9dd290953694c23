using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Actors.Scheduling;

/// <summary>What a scheduler is started with.</summary>
public sealed record SchedulerSettings
{
    /// <summary>The leadership under which it decides and writes: lease and epoch.</summary>
    public required Fence Leadership { get; init; }

    /// <summary>The flavors that launches may ask for.</summary>
    public IReadOnlyList<Flavor> Flavors { get; init; } = Core.Scheduling.Flavors.Defaults;

    /// <summary>What those leave to an image's operating system.</summary>
    public EphemeralFileSystems FileSystems { get; init; } = EphemeralFileSystems.Usual;

    /// <summary>The bounds of what it decides.</summary>
    public SchedulerLimits Limits { get; init; } = new();

    /// <summary>How often it looks at the clock.</summary>
    public TimeSpan TickEvery { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Events after which its state is saved, at the least; more when there are many
    /// instances, so that saving stays a small part of the work.</summary>
    public int SnapshotAfterEvents { get; init; } = 5_000;

    /// <summary>Events that clients may ask for again.</summary>
    public int KeptEvents { get; init; } = 10_000;

    /// <summary>The most clients that wait for instances; more are refused as Busy.</summary>
    public int MaxWaiters { get; init; } = 10_000;

    /// <summary>The most clients that follow events; more are refused as Busy.</summary>
    public int MaxSubscribers { get; init; } = 1_000;

    /// <summary>How long a host may take to look at a folder of other instances, digests
    /// included.</summary>
    public TimeSpan ScanPatience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The longest that a client may wait for an instance in one request.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMinutes(10);
}

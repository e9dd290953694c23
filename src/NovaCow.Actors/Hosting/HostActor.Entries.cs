using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Hosting;

/// <summary>What the host knows of each of its instances.</summary>
public sealed partial class HostActor
{
    /// <summary>What a host is to make: an instance that is launched, or one that moves here.
    /// </summary>
    private sealed record Attempt(InstanceId Id, LaunchFence Fence, LaunchSpec Spec)
    {
        public MoveOrder? Order { get; init; }

        public IEnumerable<string> Drivers => Order?.Disks.Select(d => d.Driver)
            ?? (Spec.Driver is { } driver ? [driver] : []);
    }

    private sealed class InstanceEntry(InstanceId id, LaunchFence fence, LaunchSpec? spec)
    {
        public InstanceId Id => id;

        public LaunchSpec? Spec => spec;

        /// <summary>Where it comes from, where it moves here; null: it is launched.</summary>
        public MoveOrder? Order { get; init; }

        public LaunchFence Fence { get; set; } = fence;

        public InstanceState State { get; set; } = InstanceState.Preparing;

        public IReadOnlyList<InstanceDisk> Disks { get; set; } = [];

        public InstanceRecord? Record { get; set; }

        public Preparation? Preparation { get; set; }

        public IActorRef? Ref { get; set; }

        /// <summary>How its machine is; null: it has none.</summary>
        public PowerReport? Power { get; set; }

        /// <summary>The cluster that launched it.</summary>
        public string? Cluster { get; init; }

        public bool IsDiscarded { get; set; }

        /// <summary>Another host took it over, or tried to, while this one was away.</summary>
        public bool IsFenced { get; set; }

        /// <summary>Found on the store, and the scheduler knows no launch of that id.</summary>
        public bool IsUnaccounted { get; set; }

        /// <summary>A newer attempt, which begins when this one is gone.</summary>
        public Attempt? Next { get; set; }

        public int Crashes { get; set; }
    }
}

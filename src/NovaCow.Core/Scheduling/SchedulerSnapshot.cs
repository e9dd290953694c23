namespace NovaCow.Core.Scheduling;

/// <summary>The scheduler's durable state as it is saved: each image and flavor once. The launches
/// follow as <see cref="SavedLaunches"/>; older versions saved them in here.</summary>
public sealed record SchedulerSnapshot(
    IReadOnlyList<Image> Images,
    IReadOnlyList<HostRecord> Hosts,
    IReadOnlyList<Tombstone> Deleted,
    IReadOnlyList<LaunchSpec> Specs,
    IReadOnlyList<SchedulerSnapshot.SavedLaunch> Launches)
{
    /// <summary>The cluster's identity.</summary>
    public string? Cluster { get; init; }

    /// <summary>What is wanted of images' copies, and their versions; null in snapshots of before
    /// there were any.</summary>
    public CacheState.Saved? Cache { get; init; }

    /// <summary>A launch whose spec stands in the list of specs.</summary>
    public sealed record SavedLaunch(
        InstanceId Id,
        int Spec,
        LaunchPhase Phase,
        HostId? Host,
        int Attempt,
        string? PlacedBecause,
        IReadOnlyList<HostId> FailedOn,
        IReadOnlyList<InstanceDisk> Disks,
        LaunchTimings Timings,
        LaunchError? Error)
    {
        /// <summary>The newest change of its disks.</summary>
        public LaunchChange? Change { get; init; }

        /// <summary>The newest move to another host.</summary>
        public LaunchMove? Move { get; init; }

        /// <summary>The image that its root disk was made a clone of since.</summary>
        public Image? RebasedTo { get; init; }

        /// <summary>What its root disk was made anew from last.</summary>
        public InstanceChange.Rebuild? Rebuilt { get; init; }

        /// <summary>The bytes by which its disks have grown.</summary>
        public long GrownBytes { get; init; }

        /// <summary>What is to be saved of a launch.</summary>
        /// <param name="l">The launch.</param>
        /// <param name="spec">Where its spec stands.</param>
        public static SavedLaunch Of(Launch l, int spec) => new(
            l.Id, spec, l.Phase, l.Host, l.Attempt, l.PlacedBecause, l.FailedOn, l.Disks,
            l.Timings, l.Error)
        {
            Change = l.Change,
            Move = l.Move,
            RebasedTo = l.RebasedTo,
            Rebuilt = l.Rebuilt,
            GrownBytes = l.GrownBytes,
        };

        /// <summary>The launch again.</summary>
        /// <param name="specs">The specs that were saved with it.</param>
        public Launch ToLaunch(IReadOnlyList<LaunchSpec> specs) => new()
        {
            Id = Id,
            Spec = specs[Spec],
            Phase = Phase,
            Host = Host,
            Attempt = Attempt,
            PlacedBecause = PlacedBecause,
            FailedOn = FailedOn,
            Disks = Disks,
            Timings = Timings,
            Error = Error,
            Change = Change,
            Move = Move,
            RebasedTo = RebasedTo,
            Rebuilt = Rebuilt,
            GrownBytes = GrownBytes,
        };
    }

    /// <summary>What is to be saved of a state, but for its launches.</summary>
    public static SchedulerSnapshot Of(SchedulerState state) => new(
        [.. state.Images.Values], [.. state.Hosts.Values], [.. state.Deleted.All], [], [])
    {
        Cluster = state.Cluster,
        Cache = state.Cache.ToSnapshot(),
    };
}

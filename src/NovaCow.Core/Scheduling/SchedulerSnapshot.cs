namespace NovaCow.Core.Scheduling;

/// <summary>The scheduler's durable state as it is saved: each image and flavor once.</summary>
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

        /// <summary>The image that its root disk was made a clone of since.</summary>
        public Image? RebasedTo { get; init; }

        /// <summary>The bytes by which its disks have grown.</summary>
        public long GrownBytes { get; init; }
    }

    /// <summary>What is to be saved of a state.</summary>
    public static SchedulerSnapshot Of(SchedulerState state)
    {
        var specs = new List<LaunchSpec>();
        var index = new Dictionary<LaunchSpec, int>(ReferenceEqualityComparer.Instance);
        var launches = new List<SavedLaunch>(state.Launches.Count);
        foreach (var l in state.Launches.Values)
        {
            if (!index.TryGetValue(l.Spec, out var spec))
            {
                index[l.Spec] = spec = specs.Count;
                specs.Add(l.Spec);
            }

            launches.Add(new SavedLaunch(
                l.Id, spec, l.Phase, l.Host, l.Attempt, l.PlacedBecause, l.FailedOn, l.Disks,
                l.Timings, l.Error)
            {
                Change = l.Change,
                RebasedTo = l.RebasedTo,
                GrownBytes = l.GrownBytes,
            });
        }

        return new SchedulerSnapshot(
            [.. state.Images.Values], [.. state.Hosts.Values], [.. state.Deleted.All],
            specs, launches)
        {
            Cluster = state.Cluster,
            Cache = state.Cache.ToSnapshot(),
        };
    }

    /// <summary>The launches, with their specs.</summary>
    public IEnumerable<Launch> ToLaunches() => Launches.Select(l => new Launch
    {
        Id = l.Id,
        Spec = Specs[l.Spec],
        Phase = l.Phase,
        Host = l.Host,
        Attempt = l.Attempt,
        PlacedBecause = l.PlacedBecause,
        FailedOn = l.FailedOn,
        Disks = l.Disks,
        Timings = l.Timings,
        Error = l.Error,
        Change = l.Change,
        RebasedTo = l.RebasedTo,
        GrownBytes = l.GrownBytes,
    });
}

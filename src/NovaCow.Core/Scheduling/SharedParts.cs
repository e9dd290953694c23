namespace NovaCow.Core.Scheduling;

/// <summary>
/// Keeps one object of what many launches have in common, however often it was read: a million
/// launches are then small. Bounded; what it forgets is shared anew from then on.
/// </summary>
internal sealed class SharedParts
{
    private const int MaxOfEach = 10_000;

    private readonly Dictionary<LaunchSpec, LaunchSpec> _specs = new(SpecComparer.Instance);
    private readonly Dictionary<HostId, HostId> _hosts = [];
    private readonly Dictionary<string, string> _reasons = new(StringComparer.Ordinal);
    private readonly Dictionary<DiskShape, DiskShape> _shapes = [];

    /// <summary>The same launch.</summary>
    public Launch Of(Launch launch) => launch with
    {
        Spec = One(_specs, launch.Spec),
        Host = launch.Host is null ? null : One(_hosts, launch.Host),
        PlacedBecause = launch.PlacedBecause is null ? null : One(_reasons, launch.PlacedBecause),
        FailedOn = launch.FailedOn.Count == 0 ? [] : launch.FailedOn,
        Disks = Of(launch.Id, launch.Disks),
    };

    /// <summary>The same event.</summary>
    public LaunchEvent Of(LaunchEvent happened) => happened switch
    {
        LaunchAccepted e => e with { Spec = One(_specs, e.Spec) },
        LaunchPlaced e => e with
        {
            Host = One(_hosts, e.Host),
            Because = One(_reasons, e.Because),
        },
        LaunchCommitted e => e with { Disks = Of(e.Id, e.Disks) },
        MoveCommitted e => e with { Disks = Of(e.Id, e.Disks) },
        ChangeEnded { Disks: { } disks } e => e with { Disks = Of(e.Id, disks) },
        _ => happened,
    };

    private IReadOnlyList<InstanceDisk> Of(InstanceId id, IReadOnlyList<InstanceDisk> disks) =>
        disks.Count == 0 ? []
        : DiskShape.Of(id, disks) is { } shape ? new InstanceDiskList(id, One(_shapes, shape))
        : disks;

    private static T One<T>(Dictionary<T, T> known, T part)
        where T : notnull
    {
        if (known.TryGetValue(part, out var one))
            return one;
        if (known.Count >= MaxOfEach)
            known.Clear();
        known.Add(part, part);
        return part;
    }
}

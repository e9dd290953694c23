using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// Everything that the scheduler's journal says, and the indexes over it; changed only by
/// <see cref="Apply"/>, so that a replay gives the same state. It never reads a clock.
/// </summary>
public sealed class SchedulerState
{
    private static readonly HashSet<InstanceId> NoLaunches = [];
    private static readonly Dictionary<BaseKey, Expected> NoBases = [];
    private static readonly Dictionary<GroupName, int> NoGroups = [];

    private readonly Dictionary<ImageName, Image> _images = [];
    private readonly Dictionary<HostId, HostRecord> _hosts = [];
    private readonly Dictionary<InstanceId, Launch> _launches = [];
    private readonly SortedSet<InstanceId> _ids = new(ById);
    private readonly LaunchQueue _waiting = new();
    private readonly Dictionary<HostId, Holding> _holdings = [];
    private readonly Dictionary<ImageName, InstanceId> _captures = [];
    private readonly SharedParts _shared = new();
    private IReadOnlyList<LaunchSpec> _savedSpecs = [];

    /// <summary>An empty cluster's state.</summary>
    public SchedulerState(SchedulerLimits limits) =>
        Deleted = new Tombstones(limits.MaxTombstones, limits.TombstoneAge);

    /// <summary>The cluster's identity; null until it is founded.</summary>
    public string? Cluster { get; private set; }

    /// <summary>What is wanted of images' copies, and their versions.</summary>
    public CacheState Cache { get; } = new();

    /// <summary>The catalogue's images, by name.</summary>
    public IReadOnlyDictionary<ImageName, Image> Images => _images;

    /// <summary>All launches that are not deleted, by id.</summary>
    public IReadOnlyDictionary<InstanceId, Launch> Launches => _launches;

    /// <summary>Hosts that ever joined and were not removed.</summary>
    public IReadOnlyDictionary<HostId, HostRecord> Hosts => _hosts;

    /// <summary>Launches that wait for a host, the oldest first.</summary>
    public LaunchQueue Waiting => _waiting;

    /// <summary>The names for which images are being made of instances' disks, and of whose.
    /// </summary>
    public IReadOnlyDictionary<ImageName, InstanceId> Captures => _captures;

    /// <summary>What launches need of images.</summary>
    public ImageNeeds Needs { get; } = new();

    /// <summary>Ids that were used of late.</summary>
    public Tombstones Deleted { get; }

    internal static Comparer<InstanceId> ById { get; } =
        Comparer<InstanceId>.Create((a, b) => string.CompareOrdinal(a.Value, b.Value));

    /// <summary>What launches hold of a host.</summary>
    public Claims ClaimsOf(HostId host) =>
        _holdings.TryGetValue(host, out var held) ? held.Claims : default;

    /// <summary>The launches that hold something of a host.</summary>
    public IReadOnlySet<InstanceId> LaunchesOn(HostId host) =>
        _holdings.TryGetValue(host, out var held) ? held.All : NoLaunches;

    /// <summary>The launches of a host that wait for its answer.</summary>
    public IReadOnlySet<InstanceId> OpenOn(HostId host) =>
        _holdings.TryGetValue(host, out var held) ? held.Open : NoLaunches;

    /// <summary>The image bases that a host's uncommitted launches will have it make.</summary>
    public IReadOnlyDictionary<BaseKey, Expected> ExpectedOn(HostId host) =>
        _holdings.TryGetValue(host, out var held) ? held.Expected : NoBases;

    /// <summary>How many of a host's launches are placed, and not known to have their disks.
    /// </summary>
    public int QueueOn(HostId host) =>
        _holdings.TryGetValue(host, out var held) ? held.Queue : 0;

    /// <summary>How many launches of each group a host has.</summary>
    public IReadOnlyDictionary<GroupName, int> GroupsOn(HostId host) =>
        _holdings.TryGetValue(host, out var held) ? held.Groups : NoGroups;

    /// <summary>Launches by id, from after one on.</summary>
    public IEnumerable<Launch> After(InstanceId? after)
    {
        if (_ids.Count == 0 || (after is not null && ById.Compare(after, _ids.Max!) >= 0))
            yield break;
        var ids = after is null ? _ids : _ids.GetViewBetween(after, _ids.Max!);
        foreach (var id in ids)
        {
            if (id != after)
                yield return _launches[id];
        }
    }

    /// <summary>Takes in what happened.</summary>
    public void Apply(SchedulerEvent happened)
    {
        switch (happened)
        {
            case LaunchEvent e:
                ApplyLaunch(e);
                break;
            case ClusterFounded e:
                Cluster = e.Cluster;
                break;
            case ImageRegistered e:
                _images[e.Image.Name] = e.Image;
                break;
            case ImageDeleted e:
                _images.Remove(e.Name);
                Cache.Forget(e.Name);
                break;
            case CacheEvent e:
                Cache.Apply(e);
                if (e is ImageSwitched switched)
                    _images[switched.Name] = switched.To;
                break;
            case HostJoined e:
                _hosts[e.Host] =
                    new HostRecord(e.Host, e.Incarnation, e.Driver, e.Capacity, e.At, Lost: false)
                    {
                        Drivers = e.Drivers,
                        Duty = _hosts.GetValueOrDefault(e.Host)?.Duty ?? HostDuty.Active,
                        Labels = e.Labels,
                        Overcommit = e.Overcommit,
                        Hypervisor = e.Hypervisor ?? HypervisorCapabilities.None,
                        SharedStore = e.SharedStore,
                    };
                break;
            case HostDutyChanged e:
                _hosts[e.Host] = _hosts[e.Host] with { Duty = e.Duty };
                break;
            case HostRemoved e:
                _hosts.Remove(e.Host);
                break;
            case HostLost e:
                _hosts[e.Host] = _hosts[e.Host] with { Lost = true };
                break;
            case AttemptDisowned or CapturesDropped:
                break;
            default:
                throw new InvalidOperationException($"unknown event {happened.GetType().Name}");
        }
    }

    /// <summary>Everything as it is now, to be saved.</summary>
    public SchedulerCapture ToSnapshot() => SchedulerCapture.Of(this);

    /// <summary>Takes a saved state in; this one is empty. The launches may follow in parts.
    /// </summary>
    public void Restore(SchedulerSnapshot snapshot)
    {
        _savedSpecs = snapshot.Specs;
        Cluster = snapshot.Cluster;
        foreach (var image in snapshot.Images)
            _images[image.Name] = image;
        if (snapshot.Cache is { } cache)
            Cache.Restore(cache);
        foreach (var host in snapshot.Hosts)
            _hosts[host.Id] = host;
        foreach (var tombstone in snapshot.Deleted)
            Deleted.Add(tombstone);
        Restore(new SavedLaunches([.. snapshot.Launches.OrderBy(l => l.Timings.AcceptedAt)]));
    }

    /// <summary>Takes some of the launches of a saved state in, after the rest of it. Those that
    /// wait come the oldest first: who had how many turns is not saved, and projects start anew.
    /// </summary>
    public void Restore(SavedLaunches saved)
    {
        foreach (var launch in saved.Launches)
            Replace(null, _shared.Of(launch.ToLaunch(_savedSpecs)));
    }

    private void ApplyLaunch(LaunchEvent happened)
    {
        var before = _launches.GetValueOrDefault(happened.Id);
        var after = Launch.Apply(before, _shared.Of(happened));
        Replace(before, after);
        if (happened is LaunchDeleted && before is not null)
        {
            var asked = before.Spec.Order().Sealed();
            Deleted.Add(new Tombstone(
                before.Id, before.Spec.Image.Name, before.Spec.Flavor.Name, before.Host,
                before.Attempt, before.Timings.AcceptedAt, happened.At)
            {
                Options = asked.Options,
                UserDataDigest = asked.UserDataDigest,
            });
        }
    }

    private void Replace(Launch? before, Launch? after)
    {
        Needs.Replace(before, after);
        if (before?.Capturing() is { } captured)
            _captures.Remove(captured);
        if (after?.Capturing() is { } capturing)
            _captures[capturing] = after.Id;
        if (before is not null)
        {
            if (before.Phase == LaunchPhase.Accepted)
                _waiting.Remove(before, isPlaced: after?.Phase == LaunchPhase.Placed);
            foreach (var old in before.Claimed())
                _holdings[old].Remove(before, old);
            foreach (var shared in before.HostsOfGroup())
                _holdings[shared].CountGroup(before.Spec.Group!, -1);
        }

        if (after is null)
        {
            _launches.Remove(before!.Id);
            _ids.Remove(before.Id);
            return;
        }

        _launches[after.Id] = after;
        if (before is null)
            _ids.Add(after.Id);
        if (after.Phase == LaunchPhase.Accepted)
            _waiting.Add(after);
        foreach (var host in after.Claimed())
            HoldingOf(host).Add(after, host);
        foreach (var apart in after.HostsOfGroup())
            HoldingOf(apart).CountGroup(after.Spec.Group!, 1);
    }

    private Holding HoldingOf(HostId host)
    {
        if (!_holdings.TryGetValue(host, out var held))
            _holdings[host] = held = new Holding();
        return held;
    }
}

using NovaCow.Actors.Protocols;
using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>The host's room: what is free, who is promised some of it, and what all volumes take.
/// Everything is measured away from the actor.</summary>
public sealed partial class HostActor
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<long> _spaceRequests = [];
    private Dictionary<(InstanceId, DiskName), DiskUsage> _measured = [];
    private DateTimeOffset? _measuredAt;
    private StoreSpace _space;
    private bool _isMeasuring;

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _observing?.Dispose();
        SaveUses();
        _stopping.Cancel();
        _stopping.Dispose();
        SpaceMetrics.Forget(_host.Id);
    }

    void RoomTurns.IMeans.MeasureRoom() => MeasureSpace(isForRoom: true);

    EvictionPlan RoomTurns.IMeans.Evict(long bytes)
    {
        var plan = EvictFor(bytes);
        foreach (var key in plan.Victims)
        {
            _log.Info("base {0}: evicted to make room for {1} bytes", key, bytes);
            RefOf(_bases[key]).Tell(new Evict(Order: null));
        }

        return plan;
    }

    private void SpaceHandlers()
    {
        Receive<SpaceKnown>(OnSpaceKnown);
        Receive<SpaceUnknown>(OnSpaceUnknown);
        Receive<MeasureTime>(_ => MeasureDisks());
        Receive<DisksMeasured>(OnDisksMeasured);
        Receive<DisksNotMeasured>(OnDisksNotMeasured);
        Receive<HostProtocol.MeasureSpace>(asked =>
        {
            _spaceRequests.Add(asked.Request);
            MeasureDisks();
        });
        Receive<AskForRoom>(OnAskForRoom);
        Receive<RoomUsed>(used => _room.Release(VolumeOf(used.Base, used.Instance, used.Disk)));
        Receive<EvictionEnded>(OnEvictionEnded);
        Receive<HostProtocol.EvictBase>(OnEvictBase);
    }

    private static string VolumeOf(BaseKey key, InstanceId instance, DiskName disk) =>
        $"{key}/{instance}/{disk}";

    private static EvictionCandidate Candidate(BaseEntry entry)
    {
        var report = entry.Report!;
        return new EvictionCandidate
        {
            Key = entry.Key,
            State = report.State,
            AllocatedBytes = report.AllocatedBytes,
            Clones = report.Clones,
            Waiters = report.Waiters,
            Uses = report.Uses,
            LastUsedAt = report.LastUsedAt ?? DateTimeOffset.MinValue,
            MadeIn = report.MadeIn,
            RebuildBytes = BaseSpace.NeededBytes(entry.Content),
        };
    }

    private void OnAskForRoom(AskForRoom ask)
    {
        var asking = Sender;
        _room.Ask(new RoomTurns.Request(
            VolumeOf(ask.Base, ask.Instance, ask.Disk),
            $"disk {ask.Disk} of instance {ask.Instance}",
            ask.Bytes,
            error => asking.Tell(new Room(ask.Instance, ask.Disk, error))));
    }

    private void OnEvictBase(HostProtocol.EvictBase evict)
    {
        if (_bases.TryGetValue(evict.Key, out var entry) && entry.Report is not null)
        {
            RefOf(entry).Tell(new Evict(evict.Request));
            return;
        }

        Say(new SchedulerProtocol.EvictionDone(_host.Id, evict.Request, 0, new RequestError(
            RequestErrorCode.BaseNotFound,
            $"base {evict.Key}: not on host {_host.Id}; look for its key in the list of bases")));
    }

    private void OnEvictionEnded(EvictionEnded ended)
    {
        if (ended.Order is { } order)
        {
            Say(new SchedulerProtocol.EvictionDone(
                _host.Id, order, ended.FreedBytes, ended.Error));
        }
        else
        {
            _room.OnEvicted(ended.Key, ended.FreedBytes);
        }
    }

    private void Report() => MeasureSpace(isForRoom: false);

    private void MeasureSpace(bool isForRoom) =>
        _ = _host.Drivers.MeasureSpaceAsync(_host.Store, _stopping.Token).PipeTo(
            Self,
            success: space => new SpaceKnown(space, isForRoom),
            failure: cause => new SpaceUnknown(
                Failures.ToError(cause, $"host {_host.Id}: its room"), isForRoom));

    private void OnSpaceKnown(SpaceKnown known)
    {
        _space = known.Space;
        if (known.IsForRoom)
        {
            _room.OnMeasured(known.Space);
            return;
        }

        TrimCache();
        var usage = Usage();
        SpaceMetrics.Set(_host.Id, usage);
        _scheduler?.Tell(new SchedulerProtocol.HostReport(
            _host.Id, _host.Incarnation, usage, _tally.Read())
        {
            Paces = _tally.Paces.Read(_host.Limits.MaxBuilds),
        });
    }

    private void OnSpaceUnknown(SpaceUnknown unknown)
    {
        if (unknown.IsForRoom)
            _room.OnNotMeasured(unknown.Error);
        else
            _log.Warning("host {0}: no report: {1}", _host.Id, unknown.Error.Message);
    }

    private HostUsage Usage()
    {
        var (bases, copies) = (0L, OwnBytes());
        foreach (var report in _bases.Values.Select(b => b.Report).OfType<BaseReport>())
        {
            bases += report.AllocatedBytes;
            copies += report.AllocatedBytes * report.Clones;
        }

        var (unique, full) = (0L, 0L);
        foreach (var (id, disk) in Disks())
        {
            unique += UsageOf(id, disk).UniqueBytes;
            full += disk.VirtualSizeBytes;
        }

        return WithCaptures(WithCache(new HostUsage(
            _space.TotalBytes, _space.FreeBytes, _room.ReservedBytes, bases, unique, copies)
        {
            WorstCaseBytes = bases + full,
            MeasuredAt = _measuredAt,
        }));
    }

    private IEnumerable<(InstanceId Id, InstanceDisk Disk)> Disks() =>
        _instances.Values.SelectMany(i => i.Disks.Select(d => (i.Id, d)))
            .Concat(_damaged.SelectMany(i => i.Value.Select(d => (i.Key, d))));

    // One that was made since the last measurement takes what it took then.
    private DiskUsage UsageOf(InstanceId id, InstanceDisk disk) =>
        _measured.GetValueOrDefault((id, disk.Name)) ?? new DiskUsage(
            id, disk.Name, disk.BackingFile, disk.VirtualSizeBytes, 0, disk.AllocatedBytes);

    private void MeasureDisks()
    {
        if (_isMeasuring)
            return;
        _isMeasuring = true;
        var answers = _spaceRequests.ToArray();
        _spaceRequests.Clear();
        _ = _host.Drivers.MeasureAsync(_stopping.Token).PipeTo(
            Self,
            success: usage => new DisksMeasured(usage, answers),
            failure: cause => new DisksNotMeasured(
                Failures.ToError(cause, $"host {_host.Id}: its disks"), answers));
    }

    private void OnDisksMeasured(DisksMeasured done)
    {
        _isMeasuring = false;
        _measuredAt = _time.GetUtcNow();
        // A disk that is being changed may be there twice.
        _measured = done.Usage.Disks.GroupBy(d => (d.Instance, d.Disk)).ToDictionary(
            d => d.Key,
            d => d.First() with
            {
                SharedBytes = d.Sum(u => u.SharedBytes),
                UniqueBytes = d.Sum(u => u.UniqueBytes),
            });
        if (done.Requests.Count > 0)
        {
            var space = Space();
            foreach (var request in done.Requests)
                Say(new SchedulerProtocol.SpaceMeasured(_host.Id, request, space, null));
        }

        GoOnMeasuring();
    }

    private void OnDisksNotMeasured(DisksNotMeasured done)
    {
        _isMeasuring = false;
        if (!_stopping.IsCancellationRequested)
            _log.Warning("host {0}: disks not measured: {1}", _host.Id, done.Error.Message);
        foreach (var request in done.Requests)
            Say(new SchedulerProtocol.SpaceMeasured(_host.Id, request, null, done.Error));
        GoOnMeasuring();
    }

    // Who asked while it was measured wants to know how it is now.
    private void GoOnMeasuring()
    {
        if (_spaceRequests.Count > 0)
            MeasureDisks();
    }

    private HostSpace Space()
    {
        var instances = Disks().GroupBy(d => d.Id, d => UsageOf(d.Id, d.Disk))
            .Select(i => new InstanceSpaceReport(
                i.Key,
                i.Sum(d => d.VirtualSizeBytes),
                i.Sum(d => d.SharedBytes),
                i.Sum(d => d.UniqueBytes)))
            .OrderByDescending(i => i.UniqueBytes)
            .ThenBy(i => i.Id.Value, StringComparer.Ordinal)
            .ToList();
        return new HostSpace
        {
            Host = _host.Id,
            Usage = Usage(),
            Bases =
            [
                .. _bases.Values.Select(b => b.Report).OfType<BaseReport>()
                    .OrderBy(b => b.Key.Value, StringComparer.Ordinal)
                    .Select(b => new BaseSpaceReport(
                        b.Key, b.Title, b.VirtualSizeBytes, b.AllocatedBytes, b.Clones)),
            ],
            Instances = [.. instances.Take(HostSpace.MaxInstances)],
            InstanceCount = instances.Count,
        };
    }

    private sealed record SpaceKnown(StoreSpace Space, bool IsForRoom);

    private sealed record SpaceUnknown(LaunchError Error, bool IsForRoom);

    private sealed record DisksMeasured(VolumeUsage Usage, IReadOnlyList<long> Requests);

    private sealed record DisksNotMeasured(LaunchError Error, IReadOnlyList<long> Requests);

    private sealed class MeasureTime
    {
        public static MeasureTime Instance { get; } = new();
    }
}

using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Simulation;

/// <summary>
/// A host as it behaves in time: makes each base once however many launches wait for it, a few at
/// one time, then clones. It says what a real one says, when it says it, and observes its own
/// paces by the same meter.
/// </summary>
internal sealed partial class ModelHost(IModelCluster cluster, int number, HostTraits traits)
{
    private static readonly double s_progressSeconds = 0.5;
    private static readonly double s_reportSeconds = 5;

    private readonly Dictionary<BaseKey, ModelBase> _bases = [];
    private readonly Dictionary<InstanceId, ModelInstance> _instances = [];
    private readonly Queue<ModelBase> _toMake = new();
    private readonly Queue<ModelInstance> _toClone = new();
    private PaceMeter _meter = new();
    private HostPaces _paces = HostPaces.Unknown;
    private bool _willReport;
    private int _making;
    private int _cloning;
    private int _life;

    public HostId Id { get; } = HostId.Parse($"host-{number:00000}");

    public bool IsUp { get; private set; }

    /// <summary>Bytes of fetches that ended or were broken off.</summary>
    public long BytesFetched { get; private set; }

    /// <summary>Bytes of fetches that go on.</summary>
    public long BytesUnderWay => _bases.Values.Sum(
        b => b.Transfer is { } transfer ? cluster.LinkOf(b.Image).Received(transfer) : 0);

    private TimeSpan Now => cluster.Agenda.Now;

    private string Incarnation => $"{number}-{_life}";

    private double FetchBound =>
        traits.Network * cluster.Settings.HostBytesPerSecond / cluster.Settings.MaxBuilds;

    private double CloneSeconds => traits.Cloning * cluster.Settings.CloneSeconds;

    /// <summary>The host starts, with what its store has.</summary>
    public HostFacts Start()
    {
        IsUp = true;
        _paces = _meter.Read(cluster.Settings.MaxBuilds);
        return new HostFacts
        {
            Host = Id,
            Incarnation = Incarnation,
            Drivers = [DriverName.Qcow2],
            Capacity = new HostCapacity(32, (long)traits.MemoryGiB << 30, 4L << 40),
            Bases = [.. _bases.Values.Select(b => b.Report(0))],
            Instances = [.. _instances.Values.Select(i => new HostedInstance(
                i.Id, i.Fence, i.IsActive ? InstanceState.Active : InstanceState.Prepared))],
            Paces = _paces,
        };
    }

    /// <summary>The host fails; what is durable stays.</summary>
    public void Fail()
    {
        IsUp = false;
        _life++;
        foreach (var made in _bases.Values.Where(b => !b.IsReady).ToList())
        {
            if (made.Transfer is { } transfer)
                BreakOff(made, transfer);
            _bases.Remove(made.Key);
        }

        foreach (var instance in _instances.Values.Where(i => !i.HasDisks).ToList())
            Forget(instance);
        _toMake.Clear();
        _toClone.Clear();
        (_making, _cloning) = (0, 0);
        (_meter, _willReport) = (new PaceMeter(), false);
    }

    /// <summary>Carries one command of the scheduler out.</summary>
    public void Receive(SchedulerEffect command)
    {
        switch (command)
        {
            case SchedulerEffect.Prepare c:
                Prepare(c.Id, c.Fence, c.Spec.Image);
                break;
            case SchedulerEffect.Commit c:
                Commit(c.Id);
                break;
            case SchedulerEffect.Discard c:
                Discard(c.Id, c.Fence);
                break;
            case SchedulerEffect.Welcome c:
                foreach (var verdict in c.Verdicts)
                {
                    if (verdict.Verdict == Verdict.Commit)
                        Commit(verdict.Id);
                    else if (verdict.Verdict == Verdict.Discard)
                        Discard(verdict.Id, verdict.Fence);
                }

                break;
        }
    }

    private void Prepare(InstanceId id, LaunchFence fence, Image image)
    {
        if (_instances.TryGetValue(id, out var known))
        {
            // It was asked again, as it had not answered for a while.
            if (known.Fence == fence)
                return;
            Forget(known);
        }

        var key = image.BaseKey();
        var isWarm = _bases.TryGetValue(key, out var needed) && needed.IsReady;
        needed ??= Make(image);
        if (needed is null)
        {
            cluster.NoRoom(Id, id, fence);
            return;
        }

        var instance = new ModelInstance(id, fence, Now) { Base = needed, IsWarm = isWarm };
        _instances.Add(id, instance);
        if (isWarm)
            Clone(instance);
        else
            needed.Waiters.Add(instance);
    }

    private void Commit(InstanceId id)
    {
        if (!_instances.TryGetValue(id, out var instance))
            return;
        instance.IsActive = true;
        cluster.Activated(Id, instance);
    }

    private void Discard(InstanceId id, LaunchFence fence)
    {
        if (_instances.TryGetValue(id, out var instance))
            Forget(instance);
        cluster.Removed(Id, id, fence);
    }

    private void Forget(ModelInstance instance)
    {
        instance.IsGone = true;
        _instances.Remove(instance.Id);
        if (!instance.Base.Waiters.Remove(instance))
            instance.Base.Clones--;
    }

    private void Clone(ModelInstance instance)
    {
        var from = instance.Base;
        from.Clones++;
        from.Uses++;
        from.LastUsedAt = Now;
        _toClone.Enqueue(instance);
        CloneNext();
    }

    private void CloneNext()
    {
        while (_cloning < cluster.Settings.Placement.ClonesAtOnce
            && _toClone.TryDequeue(out var instance))
        {
            if (instance.IsGone)
                continue;
            _cloning++;
            InThisLife(CloneSeconds, () => Cloned(instance));
        }
    }

    private void Cloned(ModelInstance instance)
    {
        _cloning--;
        CloneNext();
        if (instance.IsGone)
            return;
        instance.HasDisks = true;
        if (instance.IsWarm)
            _meter.Cloned(Now - instance.AskedAt);
        ReportSoon();
        cluster.Prepared(Id, instance);
    }

    private void ReportSoon()
    {
        if (_willReport)
            return;
        _willReport = true;
        InThisLife(s_reportSeconds, () =>
        {
            _willReport = false;
            _paces = _meter.Read(cluster.Settings.MaxBuilds);
            cluster.Reported(Id, Incarnation, _paces);
        });
    }

    /// <summary>Puts down what happens unless the host fails before.</summary>
    private void InThisLife(double seconds, Action what)
    {
        var life = _life;
        cluster.Agenda.After(seconds, () =>
        {
            if (life == _life)
                what();
        });
    }
}

using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Simulation;

/// <summary>What is counted of one policy's run.</summary>
/// <param name="from">When what is counted begins.</param>
internal sealed class Measurements(DateTimeOffset from)
{
    private readonly HashSet<InstanceId> _open = [];
    private readonly List<double> _ready = [];
    private readonly List<double> _decisions = [];
    private double _imbalance;
    private int _samples;
    private int _warm;
    private int _waited;
    private int _failed;

    /// <summary>Launches that came, measured or not.</summary>
    public int Came { get; private set; }

    /// <summary>Launches that ended, measured or not.</summary>
    public int Ended { get; private set; }

    /// <summary>Launches that came and did not end.</summary>
    public int Open => _open.Count;

    public void Comes(InstanceId id)
    {
        Came++;
        _open.Add(id);
    }

    public void Refused(InstanceId id, DateTimeOffset at)
    {
        if (End(id) && at >= from)
            _failed++;
    }

    /// <summary>A launch is active or failed; what else there is of it does not count.</summary>
    public void Settled(InstanceInfo instance)
    {
        var hasEnded = instance.Phase is LaunchPhase.Active or LaunchPhase.Failed;
        if (!hasEnded || !End(instance.Id))
            return;
        var timings = instance.Timings;
        if (timings.AcceptedAt < from)
            return;
        if (timings.ActiveAt is not { } active)
        {
            _failed++;
            return;
        }

        _ready.Add((active - timings.AcceptedAt).TotalSeconds);
        _warm += timings.Preparation is { Warm: true } ? 1 : 0;
        _waited += instance.Attempt == 1 && timings.PlacedAt > timings.AcceptedAt ? 1 : 0;
    }

    public void Decided(TimeSpan took) => _decisions.Add(took.TotalMicroseconds);

    /// <summary>How full the hosts are that are up.</summary>
    public void Sample(IReadOnlyList<double> shares, DateTimeOffset at)
    {
        var mean = shares.Count == 0 ? 0 : shares.Average();
        if (at < from || mean == 0)
            return;
        _imbalance += Math.Sqrt(shares.Average(s => (s - mean) * (s - mean))) / mean;
        _samples++;
    }

    public PolicyReport Report(string policy, long bytesFetched)
    {
        _ready.Sort();
        return new PolicyReport
        {
            Policy = policy,
            Launches = _ready.Count + _failed,
            Ready = ReadySeconds.Of(_ready),
            WarmShare = (double)_warm / Math.Max(1, _ready.Count),
            Waited = _waited,
            Failed = _failed,
            BytesFetched = bytesFetched,
            Imbalance = _imbalance / Math.Max(1, _samples),
            AllReadySeconds = _ready,
        };
    }

    public DecisionMicroseconds Decisions(string policy)
    {
        _decisions.Sort();
        return new DecisionMicroseconds(
            policy, _decisions.Count, Quantile.Of(_decisions, 0.5), Quantile.Of(_decisions, 0.99));
    }

    private bool End(InstanceId id)
    {
        if (!_open.Remove(id))
            return false;
        Ended++;
        return true;
    }
}

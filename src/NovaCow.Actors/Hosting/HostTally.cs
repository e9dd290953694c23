using NovaCow.Actors.Telemetry;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Hosting;

/// <summary>Counts what one host does, for its reports and for the metrics; any of the host's
/// actors may add to it.</summary>
public sealed class HostTally
{
    private long _downloads;
    private long _conversions;
    private long _blankBases;
    private long _clones;
    private long _bytesFetched;
    private long _evictions;

    /// <summary>Counts from nothing; the metrics show what is 0 from the start.</summary>
    public HostTally()
    {
        DomainMetrics.Downloads.Add(0);
        DomainMetrics.BytesFetched.Add(0);
        DomainMetrics.Conversions.Add(0);
        DomainMetrics.Evictions.Add(0);
        DomainMetrics.EvictedBytes.Add(0);
        DomainMetrics.Quarantines.Add(0);
    }

    /// <summary>How fast it does it.</summary>
    public PaceMeter Paces { get; } = new();

    /// <summary>The counts so far.</summary>
    public HostCounters Read() => new(
        Interlocked.Read(ref _downloads),
        Interlocked.Read(ref _conversions),
        Interlocked.Read(ref _blankBases),
        Interlocked.Read(ref _clones),
        Interlocked.Read(ref _bytesFetched))
    {
        Evictions = Interlocked.Read(ref _evictions),
    };

    internal void Downloaded(long bytes)
    {
        Interlocked.Increment(ref _downloads);
        Interlocked.Add(ref _bytesFetched, bytes);
        DomainMetrics.Downloads.Add(1);
        DomainMetrics.BytesFetched.Add(bytes);
    }

    internal void Built(bool ofImage)
    {
        if (ofImage)
        {
            Interlocked.Increment(ref _conversions);
            DomainMetrics.Conversions.Add(1);
        }
        else
        {
            Interlocked.Increment(ref _blankBases);
            DomainMetrics.BlankBases.Add(1);
        }
    }

    internal void Evicted(long bytes)
    {
        Interlocked.Increment(ref _evictions);
        DomainMetrics.Evictions.Add(1);
        DomainMetrics.EvictedBytes.Add(bytes);
    }

    internal void Cloned()
    {
        Interlocked.Increment(ref _clones);
        DomainMetrics.Clones.Add(1);
    }
}

namespace NovaCow.Core.Hosting;

/// <summary>How fast a host works, as it observed itself; it says so with its reports, so that a
/// new leader knows it at once. What was not observed yet is null or not there.</summary>
public sealed record HostPaces
{
    /// <summary>Nothing observed.</summary>
    public static HostPaces Unknown { get; } = new();

    /// <summary>Bases that it makes at one time.</summary>
    public int MaxBuilds { get; init; } = 2;

    /// <summary>Bytes a second that it fetches in all, by <see cref="Image.SourceKey"/>.</summary>
    public IReadOnlyDictionary<string, double> FetchBytesPerSecond { get; init; } =
        new Dictionary<string, double>();

    /// <summary>Bytes of virtual disk a second that it judges and writes as a base.</summary>
    public double? BuildBytesPerSecond { get; init; }

    /// <summary>Seconds from a command to durable disks, where the bases are ready.</summary>
    public double? CloneSeconds { get; init; }

    /// <summary>Seconds to start an instance once it is committed; null: there is nothing to
    /// start.</summary>
    public double? StartSeconds { get; init; }
}

/// <summary>
/// Learns a host's paces from what it does: moving averages, in which the newest counts for
/// <see cref="Weight"/>. Any of the host's actors may add to it.
/// </summary>
public sealed class PaceMeter
{
    /// <summary>How much the newest observation counts.</summary>
    public const double Weight = 0.3;

    /// <summary>The most sources that are told apart.</summary>
    public const int MaxSources = 64;

    /// <summary>What is smaller says more of the way than of the pace, in bytes.</summary>
    public const long LeastBytes = 1 << 20;

    // What takes less says more of the clock than of the work.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, double> _fetch = [];
    private int _fetching;
    private double? _build;
    private double? _clone;
    private double? _start;

    /// <summary>A fetch begins; <see cref="EndFetch"/> follows.</summary>
    public void BeginFetch()
    {
        lock (_lock)
            _fetching++;
    }

    /// <summary>A fetch ended.</summary>
    /// <param name="source">See <see cref="Image.SourceKey"/>.</param>
    /// <param name="bytes">How many were transferred; 0 when it failed.</param>
    /// <param name="took">How long that took.</param>
    public void EndFetch(string source, long bytes, TimeSpan took)
    {
        lock (_lock)
        {
            var atOnce = _fetching--;
            if (bytes < LeastBytes
                || (_fetch.Count >= MaxSources && !_fetch.ContainsKey(source)))
            {
                return;
            }

            double? known = _fetch.TryGetValue(source, out var rate) ? rate : null;
            _fetch[source] = Average(known, Rate(bytes, took) * atOnce);
        }
    }

    /// <summary>A base was judged and written.</summary>
    public void Built(long virtualBytes, TimeSpan took)
    {
        if (virtualBytes < LeastBytes)
            return;
        lock (_lock)
        {
            _build = Average(_build, Rate(virtualBytes, took));
        }
    }

    /// <summary>An instance's disks were made of ready bases.</summary>
    public void Cloned(TimeSpan took)
    {
        lock (_lock)
        {
            _clone = Average(_clone, took.TotalSeconds);
        }
    }

    /// <summary>An instance's machine was started.</summary>
    public void Started(TimeSpan took)
    {
        lock (_lock)
        {
            _start = Average(_start, took.TotalSeconds);
        }
    }

    /// <summary>What was learned.</summary>
    /// <param name="maxBuilds">Bases that the host makes at one time.</param>
    public HostPaces Read(int maxBuilds)
    {
        lock (_lock)
        {
            return new HostPaces
            {
                MaxBuilds = maxBuilds,
                FetchBytesPerSecond = new Dictionary<string, double>(_fetch),
                BuildBytesPerSecond = _build,
                CloneSeconds = _clone,
                StartSeconds = _start,
            };
        }
    }

    private static double Rate(long bytes, TimeSpan took) =>
        bytes / Math.Max(took.TotalSeconds, Shortest.TotalSeconds);

    private static double Average(double? known, double seen) =>
        known is { } before ? before + (Weight * (seen - before)) : seen;
}

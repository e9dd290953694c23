using System.Diagnostics.Metrics;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Telemetry;

/// <summary>The product's own metrics, of meter <see cref="MeterName"/>; the runtime has its own.
/// </summary>
public static class DomainMetrics
{
    /// <summary>The meter's name, for those who export it.</summary>
    public const string MeterName = "NovaCow";

    private static readonly Meter Meter = new(MeterName);

    /// <summary>Launches that reached a phase; tag <c>phase</c>.</summary>
    public static Counter<long> Launches { get; } = Meter.CreateCounter<long>(
        "novacow.launches", "{launch}", "Launches that reached a phase");

    /// <summary>Seconds from accepted to active; tag <c>cache</c>: warm or cold.</summary>
    public static Histogram<double> LaunchSeconds { get; } = Meter.CreateHistogram(
        "novacow.launch.duration", "s", "From accepted to active", advice: Seconds);

    /// <summary>Seconds that a host took for an instance's disks; tag <c>cache</c>.</summary>
    public static Histogram<double> PrepareSeconds { get; } = Meter.CreateHistogram(
        "novacow.prepare.duration", "s", "From the host's command to durable disks",
        advice: Seconds);

    /// <summary>How long machines take to start.</summary>
    public static Histogram<double> StartSeconds { get; } = Meter.CreateHistogram(
        "novacow.start.duration", "s", "From the commit to a machine that runs", advice: Seconds);

    /// <summary>Bases on this process's hosts; tag <c>state</c>.</summary>
    public static UpDownCounter<long> Bases { get; } = Meter.CreateUpDownCounter<long>(
        "novacow.bases", "{base}", "Base volumes by state");

    /// <summary>Bases removed to make room, or on order.</summary>
    public static Counter<long> Evictions { get; } = Meter.CreateCounter<long>(
        "novacow.evictions", "{base}", "Base volumes removed to make room, or on order");

    /// <summary>Bytes that evictions gave back.</summary>
    public static Counter<long> EvictedBytes { get; } = Meter.CreateCounter<long>(
        "novacow.evicted", "By", "Bytes of base volumes that were evicted");

    /// <summary>Bases found damaged.</summary>
    public static Counter<long> Quarantines { get; } = Meter.CreateCounter<long>(
        "novacow.quarantines", "{base}", "Base volumes found damaged and taken out of service");

    /// <summary>Bytes that downloads moved.</summary>
    public static Counter<long> BytesFetched { get; } = Meter.CreateCounter<long>(
        "novacow.fetched", "By", "Bytes that image downloads moved");

    /// <summary>Images fetched.</summary>
    public static Counter<long> Downloads { get; } = Meter.CreateCounter<long>(
        "novacow.downloads", "{download}", "Images fetched");

    /// <summary>Bases made from images.</summary>
    public static Counter<long> Conversions { get; } = Meter.CreateCounter<long>(
        "novacow.conversions", "{conversion}", "Base volumes made from images");

    /// <summary>Blank bases made.</summary>
    public static Counter<long> BlankBases { get; } = Meter.CreateCounter<long>(
        "novacow.blank_bases", "{base}", "Blank base volumes made");

    /// <summary>Instance disks made.</summary>
    public static Counter<long> Clones { get; } = Meter.CreateCounter<long>(
        "novacow.clones", "{clone}", "Instance disks made");

    /// <summary>Changes of instances' disks that ended; tags <c>kind</c> and <c>phase</c>.
    /// </summary>
    public static Counter<long> Changes { get; } = Meter.CreateCounter<long>(
        "novacow.changes", "{change}", "Changes of instances' disks that ended");

    /// <summary>Bases that were made ahead of any launch; tag <c>outcome</c>: made or failed.
    /// </summary>
    public static Counter<long> Precaches { get; } = Meter.CreateCounter<long>(
        "novacow.precaches", "{base}", "Base volumes made ahead of any launch");

    private static InstrumentAdvice<double> Seconds => new()
    {
        HistogramBucketBoundaries =
            [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
    };

    internal static KeyValuePair<string, object?> Cache(bool warm) =>
        new("cache", warm ? "warm" : "cold");

    internal static void CountPrecache(bool isMade) => Precaches.Add(
        1, new KeyValuePair<string, object?>("outcome", isMade ? "made" : "failed"));

    internal static void CountChange(ChangeKind kind, ChangePhase phase) => Changes.Add(
        1,
        new KeyValuePair<string, object?>("kind", kind.ToString().ToLowerInvariant()),
        new KeyValuePair<string, object?>("phase", phase.ToString().ToLowerInvariant()));
}

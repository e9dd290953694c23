using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace NovaCow.Store;

/// <summary>What the meter `NovaCow.Store` tells. It costs nothing while nobody listens.</summary>
internal static class StoreMetrics
{
    public const string MeterName = "NovaCow.Store";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Histogram<double> AppendDuration = Meter.CreateHistogram<double>(
        "novacow.store.append.duration", "s", "Time from asking for an append until it is durable");

    private static readonly Counter<long> Events = Meter.CreateCounter<long>(
        "novacow.store.events", "{event}", "Events made durable");

    private static readonly Counter<long> Commits = Meter.CreateCounter<long>(
        "novacow.store.commits", "{commit}", "Transactions committed");

    private static readonly Histogram<int> GroupSize = Meter.CreateHistogram<int>(
        "novacow.store.group.size", "{write}", "Writes that shared a transaction");

    public static void Committed(int writes)
    {
        Commits.Add(1);
        GroupSize.Record(writes);
    }

    public static void Appended(int events, long startTimestamp)
    {
        Events.Add(events);
        AppendDuration.Record(Stopwatch.GetElapsedTime(startTimestamp).TotalSeconds);
    }
}

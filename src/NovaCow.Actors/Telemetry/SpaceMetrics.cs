using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Telemetry;

/// <summary>How the stores of this process's hosts are used, as gauges with the tag <c>host</c>;
/// each shows what its host measured last.</summary>
internal static class SpaceMetrics
{
    private static readonly ConcurrentDictionary<HostId, HostUsage> Hosts = new();
    private static readonly Meter Meter = new(DomainMetrics.MeterName);

    static SpaceMetrics()
    {
        Gauge("novacow.shared", "Bytes in base volumes, shared by their clones",
            u => u.BaseBytes);
        Gauge("novacow.unique", "Bytes in instance disks, unique to each", u => u.DiskBytes);
        Gauge("novacow.full_copy", "Bytes that full copies in the clones' place would take",
            u => u.FullCopyBytes);
        Gauge("novacow.worst_case", "Bytes that bases and disks would take with every disk filled",
            u => u.WorstCaseBytes);
        Gauge("novacow.protected", "Bytes of base volumes that are never evicted",
            u => u.ProtectedBytes);
        Gauge("novacow.captures", "Bytes of images made of disks, kept for other hosts",
            u => u.CaptureBytes);
        Meter.CreateObservableGauge(
            "novacow.cache.budget",
            () => Hosts.Where(h => h.Value.CacheBudgetBytes is not null).Select(
                h => Measure(h.Key, h.Value.CacheBudgetBytes!.Value)),
            "By",
            "Bytes that base volumes may take, where there is a budget");
        Gauge("novacow.volumes.size", "Size of what the volumes lie in", u => u.TotalBytes);
        Gauge("novacow.volumes.free", "Bytes free where the volumes lie", u => u.FreeBytes);
        Gauge("novacow.volumes.reserved", "Free bytes promised to volumes being made",
            u => u.ReservedBytes);
    }

    public static void Set(HostId host, HostUsage usage) => Hosts[host] = usage;

    public static void Forget(HostId host) => Hosts.TryRemove(host, out _);

    private static void Gauge(string name, string description, Func<HostUsage, long> value) =>
        Meter.CreateObservableGauge(
            name,
            () => Hosts.Select(h => Measure(h.Key, value(h.Value))),
            "By",
            description);

    private static Measurement<long> Measure(HostId host, long value) =>
        new(value, new KeyValuePair<string, object?>("host", host.Value));
}

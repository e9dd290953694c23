using NovaCow.Client;

namespace NovaCow.Cli.Demo;

/// <summary>Says what the demo's launches showed.</summary>
internal sealed class DemoReport(Terminal terminal)
{
    /// <summary>Where the launches went, why, and how long they took, by host.</summary>
    public void Launches(
        IReadOnlyList<InstanceResource> first,
        IReadOnlyList<InstanceResource> warm,
        IReadOnlyList<HostResource> hosts)
    {
        terminal.WriteTable(
            ["HOST", ">LAUNCHES", ">FIRST USE", ">WARM p50", ">WARM MAX", ">DOWNLOADS", ">CONVERSIONS", "WHY (LAST)"],
            hosts.Select(h =>
            {
                InstanceResource[] here = [.. first.Where(i => i.Host == h.Name)];
                double[] times =
                [
                    .. warm.Where(i => i.Host == h.Name)
                        .Select(i => i.Timings.LaunchMilliseconds ?? 0).Order(),
                ];
                return new[]
                {
                    h.Name,
                    $"{here.Length} + {times.Length}",
                    Longest(here),
                    times.Length == 0 ? null : Show.Duration(times[times.Length / 2]),
                    times.Length == 0 ? null : Show.Duration(times[^1]),
                    h.Downloads.ToString(),
                    h.Conversions.ToString(),
                    here.LastOrDefault()?.Reason,
                };
            }));
    }

    /// <summary>What the disks take, and what full copies would have taken.</summary>
    public void Space(
        IReadOnlyList<InstanceResource> instances,
        IReadOnlyList<BaseResource> bases,
        long bytesOnDisk)
    {
        var allocated = bases.GroupBy(b => b.Key).ToDictionary(
            g => g.Key, g => g.Max(b => b.AllocatedBytes));
        var full = instances.SelectMany(i => i.Disks)
            .Sum(d => d.BackingFile is { } key ? allocated.GetValueOrDefault(key) : 0);
        var clones = instances.Sum(i => i.Disks.Count);
        terminal.WriteFacts(
            ("disks", $"{clones} clones of {bases.Count} bases"),
            ("bases", Show.Bytes(bases.Sum(b => b.AllocatedBytes)) + " on disk, shared"),
            ("clones", Show.Bytes(instances.SelectMany(i => i.Disks).Sum(d => d.AllocatedBytes))
                + " on disk, their own"),
            ("all stores", Show.Bytes(bytesOnDisk) + " on disk (du)"),
            ("full copies", $"{Show.Bytes(full)} would be written, holes left out: "
                + $"{(double)full / Math.Max(1, bytesOnDisk):0.0} times as much"));
    }

    /// <summary>How long machines took from the request on, and what a guest says of its disks.
    /// </summary>
    public void Guests(IReadOnlyList<DemoGuest> guests)
    {
        terminal.WriteTable(
            ["MACHINE", ">DISKS DURABLE", ">STARTED", ">GUEST'S FIRST LINE", "ITS CLOCK SAYS"],
            guests.Select(g => new[]
            {
                g.Instance.Id,
                Since(g, g.Instance.Timings.CommittedAt),
                Since(g, g.Instance.Timings.ActiveAt),
                Since(g, g.UpAt),
                g.Lines.FirstOrDefault(),
            }));
        terminal.WriteLine("");
        if (guests.FirstOrDefault(g => g.UpAt is null) is { } silent)
        {
            terminal.WriteLine(
                $"{silent.Instance.Id} did not say that it is up; other guests than demo.sh's "
                    + "say other things");
        }

        foreach (var line in guests[0].Lines.Where(l => l.Contains("/dev/")))
            terminal.WriteLine($"{guests[0].Instance.Id} says: {Terminal.Printable(line)}");
    }

    private static string? Since(DemoGuest guest, DateTimeOffset? time) =>
        time is { } at ? Show.Duration((at - guest.AskedAt).TotalMilliseconds) : null;

    private static string? Longest(IReadOnlyCollection<InstanceResource> instances) =>
        instances.Count == 0
            ? null : Show.Duration(instances.Max(i => i.Timings.LaunchMilliseconds ?? 0));
}

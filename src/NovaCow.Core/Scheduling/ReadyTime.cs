using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// Predicts when a launch would be ready on a host: what waits there before it, the bases that are
/// not there, its own disks. It knows what hosts reported, and guesses nothing that one of them
/// observed.
/// </summary>
internal static class ReadyTime
{
    /// <summary>What a host costs whatever is launched there: its queue and its crowding, in
    /// seconds.</summary>
    public static double Standing(HostView host, PlacementRules rules) =>
        Queue(host, rules) + Crowding(host, rules);

    /// <summary>The prediction, term by term.</summary>
    public static ReadyTerms Predict(
        LaunchSpec spec, HostView host, Fleet fleet, PlacementRules rules, DateTimeOffset now) =>
        new(
            Queue(host, rules),
            BaseOf(spec.Image, host, fleet.Rates, now)
                + BaseOf(spec.Kernel, host, fleet.Rates, now)
                + BaseOf(spec.Ramdisk, host, fleet.Rates, now),
            Clone(host, rules),
            host.Paces.StartSeconds ?? 0,
            Crowding(host, rules),
            IsThere(spec.Image, host)
                ? 0
                : rules.TrafficRatio * Absent(spec.Image, host, fleet.Rates));

    private static double Clone(HostView host, PlacementRules rules) =>
        host.Paces.CloneSeconds ?? rules.AssumedCloneSeconds;

    private static double Queue(HostView host, PlacementRules rules) =>
        host.Queue * Clone(host, rules) / rules.ClonesAtOnce;

    private static double Crowding(HostView host, PlacementRules rules) =>
        rules.CrowdingSeconds * host.FullestShare(rules);

    private static double BaseOf(
        Image? image, HostView host, SourceRates rates, DateTimeOffset now)
    {
        if (image is null)
            return 0;
        var key = image.BaseKey();
        var report = host.Bases.GetValueOrDefault(key);
        return report switch
        {
            { State: BaseState.Ready } => 0,
            { State: BaseState.Creating } => Making(image, Left(report, image), host, rates),
            { State: BaseState.Failed or BaseState.Quarantined, RetryAt: { } retry }
                when retry > now => (retry - now).TotalSeconds + Absent(image, host, rates),
            _ when host.Expected.ContainsKey(key) =>
                Making(image, All(image), host, rates),
            _ => Absent(image, host, rates),
        };
    }

    // Or on its way.
    private static bool IsThere(Image image, HostView host)
    {
        var key = image.BaseKey();
        return host.Expected.ContainsKey(key) || host.Bases.GetValueOrDefault(key)
            is { State: BaseState.Ready or BaseState.Creating };
    }

    private static double Absent(Image image, HostView host, SourceRates rates) =>
        Seconds(image, All(image), host.Backlog, host.Paces, rates);

    // Its own work is in the backlog already.
    private static double Making(Image image, Work left, HostView host, SourceRates rates)
    {
        var others = host.Backlog with
        {
            Bases = Math.Max(0, host.Backlog.Bases - 1),
            FetchBytes = Math.Max(0, host.Backlog.FetchBytes - left.FetchBytes),
            BuildBytes = Math.Max(0, host.Backlog.BuildBytes - left.BuildBytes),
        };
        return Seconds(image, left, others, host.Paces, rates);
    }

    // Fetches at one time share the rate, so this one ends with its share of it, or when all is
    // done; without a turn it waits for those before it.
    private static double Seconds(
        Image image, Work left, Backlog others, HostPaces paces, SourceRates rates)
    {
        var (fetch, build) = (rates.Fetch(paces, image.SourceKey()), rates.Build(paces));
        var hasTurn = others.Bases < paces.MaxBuilds;
        var all = left.FetchBytes + (double)others.FetchBytes;
        var bytes = hasTurn ? Math.Min(all, (double)left.FetchBytes * (others.Bases + 1)) : all;
        var written = left.BuildBytes + (hasTurn ? 0 : (double)others.BuildBytes);
        return (bytes / fetch) + (written / build);
    }

    /// <summary>What is left to do of a base that is being made.</summary>
    /// <param name="report">How far it is.</param>
    /// <param name="image">What it is made from, where that is known.</param>
    public static Work Left(BaseReport report, Image? image) => report.Step switch
    {
        BaseStep.Fetching => new(
            Math.Max(0, (report.TotalBytes ?? Download(report, image)) - report.DoneBytes),
            report.VirtualSizeBytes),
        BaseStep.Inspecting => new(0, report.VirtualSizeBytes),
        BaseStep.Building => new(0, Math.Max(0, report.VirtualSizeBytes - report.DoneBytes)),
        _ => new(Download(report, image), report.VirtualSizeBytes),
    };

    private static long Download(BaseReport report, Image? image) =>
        image?.SizeBytes ?? report.VirtualSizeBytes;

    /// <summary>What there is to do of a base that is not there.</summary>
    public static Work All(Image image) => new(image.SizeBytes, image.VirtualSizeBytes);

    /// <summary>Bytes to fetch and bytes of virtual disk to write.</summary>
    internal readonly record struct Work(long FetchBytes, long BuildBytes);
}

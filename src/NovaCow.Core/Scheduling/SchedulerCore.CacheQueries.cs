using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>How the copies and versions of images stand.</summary>
public sealed partial class SchedulerCore
{
    /// <summary>The copies of one image, or of all, by name; null: there is no such image.
    /// </summary>
    public IReadOnlyList<ImageCacheInfo>? CacheOf(ImageName? name, DateTimeOffset now)
    {
        var hosts = CacheHosts(now);
        if (name is not null)
        {
            return State.Images.TryGetValue(name, out var one)
                ? [Describe(Wish(one, State.Cache.Of(name)), hosts, now)] : null;
        }

        return
        [
            .. State.Images.Values
                .OrderBy(i => i.Name.Value, StringComparer.Ordinal)
                .Select(i => Describe(Wish(i, State.Cache.Of(i.Name)), hosts, now)),
        ];
    }

    /// <summary>How the caches of all hosts stand, by host.</summary>
    public IReadOnlyList<HostCacheInfo> HostCaches() =>
    [
        .. _fleet.Values.Where(p => State.Hosts.ContainsKey(p.Id)).Select(p => new HostCacheInfo(
            p.Id, p.Status(State.Hosts[p.Id]), p.Bases.Count, p.Usage)),
    ];

    /// <summary>How an image's versions stand; null: it was never updated.</summary>
    public ImageVersionInfo? VersionsOf(ImageName name, DateTimeOffset now)
    {
        if (!State.Cache.Histories.TryGetValue(name, out var history))
            return null;
        if (history.Open() is not { } update)
            return new ImageVersionInfo(history, 0, null);
        var hosts = CacheHosts(now);
        var wish = NextOf(State.Images[name], update, State.Cache.Of(name));
        return new ImageVersionInfo(
            history, Warm(hosts, update.Image, now), Describe(wish, hosts, now));
    }

    private ImageCacheInfo Describe(
        CacheWish wish, List<CacheHost> hosts, DateTimeOffset now)
    {
        var key = wish.Image.BaseKey();
        List<CopyInfo> copies = [];
        foreach (var host in hosts)
        {
            var state = host.StateOf(wish, now);
            if (state == CopyState.Absent || !host.IsCounted)
                continue;
            var report = host.Bases.GetValueOrDefault(key);
            copies.Add(new CopyInfo(
                host.Id,
                state,
                report?.AllocatedBytes ?? 0,
                host.Kept.Contains(key),
                state == CopyState.Failing ? report?.Error?.Message : null));
        }

        return new ImageCacheInfo
        {
            Name = wish.Image.Name,
            Key = key,
            Wanted = State.Cache.Of(wish.Image.Name),
            Ready = copies.Count(c => c.State == CopyState.Ready),
            Making = copies.Count(c => c.State == CopyState.Making),
            Failed = copies.Count(c => c.State == CopyState.Failing),
            Bytes = copies.Sum(c => c.Bytes),
            Copies = [.. copies.Take(ImageCacheInfo.MaxNamed)],
            Shortfall = wish.Copies > 0 || wish.Hosts.Count > 0
                ? CachePlan.Shortfall(wish, hosts, _limits.Cache, now) : null,
        };
    }
}

using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>What is wanted of images' copies: said by people, brought about by
/// <see cref="KeepCache"/>.</summary>
public sealed partial class SchedulerCore
{
    private DateTimeOffset _cachePlannedAt;
    private bool _cacheMoved;

    /// <summary>Has an image on so many hosts, and on these; neither: it is wanted nowhere.
    /// </summary>
    public Decision Precache(
        ImageName name, int copies, IReadOnlyList<HostId> hosts, DateTimeOffset now)
    {
        if (copies is < 0 or > ImageCache.MaxCopies)
        {
            return Decision.Refuse(
                RequestErrorCode.InvalidRequest,
                $"image {name}: {copies} copies: expected 0 to {ImageCache.MaxCopies}");
        }

        return Want(name, hosts, c => c with { MinCopies = copies, Hosts = Sorted(hosts) }, now);
    }

    /// <summary>Keeps the copies of an image from eviction, on these hosts or on all.</summary>
    public Decision Pin(ImageName name, IReadOnlyList<HostId> hosts, DateTimeOffset now) =>
        Want(name, hosts, c => c with { IsPinned = true, PinnedOn = Sorted(hosts) }, now);

    /// <summary>Takes a pin back, on these hosts or on all.</summary>
    public Decision Unpin(ImageName name, IReadOnlyList<HostId> hosts, DateTimeOffset now)
    {
        var pinned = State.Cache.Of(name).PinnedOn;
        if (hosts.Count > 0 && pinned.Count == 0 && State.Cache.Of(name).IsPinned)
        {
            return Decision.Refuse(
                RequestErrorCode.Conflict,
                $"image {name}: it is pinned on every host; unpin it, and pin it on the hosts that "
                    + "are to keep it");
        }

        List<HostId> left = [.. pinned.Except(hosts)];
        return Want(
            name,
            hosts,
            c => hosts.Count > 0 && left.Count > 0
                ? c with { PinnedOn = left } : c with { IsPinned = false, PinnedOn = [] },
            now);
    }

    /// <summary>Why a base is never evicted from a host; null: it may be.</summary>
    public RequestError? WhyKept(HostId host, BaseKey key)
    {
        if (Connected(host)?.Cache.Protected.Contains(key) != true)
            return null;
        var wish = Wishes().FirstOrDefault(w => w.Parts.Any(p => p.BaseKey() == key));
        var why = wish switch
        {
            null => "it was wanted until just now; try again",
            { IsPinned: true } when wish.PinnedOn.Count == 0 || wish.PinnedOn.Contains(host) =>
                $"image {wish.Image.Name} is pinned; unpin it first",
            { InPlaceOf: not null } =>
                $"an update makes it the next version of image {wish.Image.Name}; abort that first",
            _ when wish.Hosts.Contains(host) =>
                $"image {wish.Image.Name} is to be on this host; take that precache back first",
            _ => $"it is one of the {wish.Copies} copies that image {wish.Image.Name} is to have; "
                + "ask for fewer first",
        };
        return new RequestError(
            RequestErrorCode.Conflict, $"base {key} on host {host} stays: {why}");
    }

    private Decision Want(
        ImageName name,
        IReadOnlyList<HostId> hosts,
        Func<ImageCache, ImageCache> change,
        DateTimeOffset now)
    {
        if (!State.Images.ContainsKey(name))
            return NoSuchImage(name);
        if (hosts.FirstOrDefault(h => !State.Hosts.ContainsKey(h)) is { } stranger)
            return NoSuchHost(stranger);

        var decision = new Decision();
        var wanted = change(State.Cache.Of(name));
        if (!wanted.IsSame(State.Cache.Of(name)))
            EmitCache(decision, new ImageCacheSet(name, wanted, now));
        return decision;
    }

    private void EmitCache(Decision decision, CacheEvent happened)
    {
        _cacheMoved = true;
        Emit(decision, happened);
    }

    private static List<HostId> Sorted(IReadOnlyList<HostId> hosts) =>
        [.. hosts.Distinct().OrderBy(h => h.Value, StringComparer.Ordinal)];

    /// <summary>Everything of which copies are wanted: updates first, as launches wait for them.
    /// </summary>
    private List<CacheWish> Wishes()
    {
        var names = State.Cache.Wanted.Keys
            .Union(State.Cache.Histories.Where(h => h.Value.Open() is not null).Select(h => h.Key))
            .OrderBy(n => n.Value, StringComparer.Ordinal);
        List<CacheWish> updates = [], wishes = [];
        foreach (var name in names)
        {
            if (!State.Images.TryGetValue(name, out var image))
                continue;
            var wanted = State.Cache.Of(name);
            if (!wanted.IsNone())
                wishes.Add(Wish(image, wanted));
            if (State.Cache.Open(name) is { } update)
                updates.Add(NextOf(image, update, wanted));
        }

        return [.. updates, .. wishes];
    }

    private CacheWish NextOf(Image current, ImageUpdate update, ImageCache wanted) =>
        Wish(update.Image, wanted) with
        {
            Copies = update.MinWarm,
            InPlaceOf = current.BaseKey(),
        };

    private CacheWish Wish(Image image, ImageCache wanted) => new()
    {
        Parts = PartsOf(image),
        Copies = wanted.MinCopies,
        Hosts = wanted.Hosts,
        IsPinned = wanted.IsPinned,
        PinnedOn = wanted.PinnedOn,
    };

    private List<Image> PartsOf(Image image)
    {
        List<Image> parts = [image];
        foreach (var name in (ImageName?[])[image.Kernel, image.Ramdisk])
        {
            if (name is not null && State.Images.TryGetValue(name, out var part))
                parts.Add(part);
        }

        return parts;
    }
}

using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>The bounds within which copies of images are ordered ahead of launches.</summary>
public sealed record CacheRules
{
    /// <summary>The most copies that are ordered from one host and not yet there.</summary>
    public int MaxPerHost { get; init; } = 2;

    /// <summary>The most copies that are being fetched from one source for this.</summary>
    public int MaxPerSource { get; init; } = 8;

    /// <summary>The most orders at a time; what is left is ordered the next time.</summary>
    public int MaxOrders { get; init; } = 64;

    /// <summary>How soon after a change the copies are looked at again, and how often without.
    /// </summary>
    public TimeSpan Soon { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the copies are looked at when nothing has changed.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a host may be silent of what was ordered before it is ordered again.
    /// </summary>
    public TimeSpan OrderPatience { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>An image of which copies are wanted.</summary>
public sealed record CacheWish
{
    /// <summary>The image, and what it boots with: a copy has all of them.</summary>
    public required IReadOnlyList<Image> Parts { get; init; }

    /// <summary>So many hosts are to have it at the least.</summary>
    public int Copies { get; init; }

    /// <summary>These hosts are to have it.</summary>
    public IReadOnlyList<HostId> Hosts { get; init; } = [];

    /// <summary>Copies that there are, are kept.</summary>
    public bool IsPinned { get; init; }

    /// <summary>Where the pin holds; none: everywhere.</summary>
    public IReadOnlyList<HostId> PinnedOn { get; init; } = [];

    /// <summary>The base that it takes the place of: hosts that have that come first.</summary>
    public BaseKey? InPlaceOf { get; init; }

    /// <summary>The image.</summary>
    public Image Image => Parts[0];
}

/// <summary>A host, as the making of copies sees it.</summary>
public sealed record CacheHost
{
    /// <summary>The host.</summary>
    public required HostId Id { get; init; }

    /// <summary>Whether its copies are there to be launched from: not when it was silent beyond its
    /// grace.</summary>
    public required bool IsCounted { get; init; }

    /// <summary>Why it is asked for no copy; null: it may be.</summary>
    public string? ClosedBecause { get; init; }

    /// <summary>Bytes that are free, or that the eviction of what is not kept would free.</summary>
    public required long RoomBytes { get; init; }

    /// <summary>What it reported of its bases.</summary>
    public required IReadOnlyDictionary<BaseKey, BaseReport> Bases { get; init; }

    /// <summary>Bases that launches placed there will have it make.</summary>
    public required IReadOnlyDictionary<BaseKey, Expected> Expected { get; init; }

    /// <summary>What was ordered from it, and is neither there nor failed.</summary>
    public required IReadOnlySet<BaseKey> Ordered { get; init; }

    /// <summary>What it was told last to keep.</summary>
    public required IReadOnlySet<BaseKey> Kept { get; init; }

    /// <summary>Whether launches wait there for a base: those are made first.</summary>
    public bool HasLaunchBuilds() => Expected.Keys.Any(k => !IsReady(k));

    /// <summary>Whether a base is whole there.</summary>
    public bool IsReady(BaseKey key) =>
        Bases.TryGetValue(key, out var report) && report.State == BaseState.Ready;

    /// <summary>How it stands with a copy.</summary>
    public CopyState StateOf(CacheWish wish, DateTimeOffset now)
    {
        var isReady = true;
        foreach (var part in wish.Parts)
        {
            var key = part.BaseKey();
            var state = Bases.TryGetValue(key, out var report) ? report.State : BaseState.Absent;
            if (state == BaseState.Ready)
                continue;
            isReady = false;
            if (state == BaseState.Creating || Ordered.Contains(key) || Expected.ContainsKey(key))
                continue;
            return report?.RetryAt > now ? CopyState.Failing : CopyState.Absent;
        }

        return isReady ? CopyState.Ready : CopyState.Making;
    }
}

/// <summary>How a host stands with a copy of an image.</summary>
public enum CopyState
{
    /// <summary>It does not have one.</summary>
    Absent,

    /// <summary>It failed to make one, and does not try again yet.</summary>
    Failing,

    /// <summary>It makes one, or was asked to.</summary>
    Making,

    /// <summary>It has one.</summary>
    Ready,
}

/// <summary>What is to be done for the copies.</summary>
/// <param name="Orders">Which host is to make a base of which image.</param>
/// <param name="Kept">What each host is to keep; hosts that are not in it, nothing.</param>
public sealed record CacheDecision(
    IReadOnlyList<(HostId Host, Image Image)> Orders,
    IReadOnlyDictionary<HostId, HashSet<BaseKey>> Kept);

namespace NovaCow.Core.Scheduling;

/// <summary>Counts what launches need of images, and which hosts make images of them; part of
/// <see cref="SchedulerState"/>, which tells it of every launch that changes.</summary>
public sealed class ImageNeeds
{
    private readonly Dictionary<BaseKey, int> _launches = [];
    private readonly Dictionary<HostId, int> _capturing = [];

    /// <summary>How many launches need an image; those of the same bytes are one.</summary>
    public int LaunchesOf(Digest digest) => _launches.GetValueOrDefault(BaseKey.Of(digest));

    /// <summary>Whether a host has not said yet how a capture ended.</summary>
    public bool IsCapturing(HostId host) => _capturing.ContainsKey(host);

    internal void Replace(Launch? before, Launch? after)
    {
        if (before is not null && after?.NeedsAsBefore(before) == true)
            return;
        if (before is not null)
            Count(before, -1);
        if (after is not null)
            Count(after, 1);
    }

    private void Count(Launch launch, int change)
    {
        foreach (var key in launch.NeededBases())
            Count(_launches, key, change);
        if (launch.CapturingHost() is { } host)
            Count(_capturing, host, change);
    }

    private static void Count<T>(Dictionary<T, int> counts, T of, int change)
        where T : notnull
    {
        var count = counts.GetValueOrDefault(of) + change;
        if (count == 0)
            counts.Remove(of);
        else
            counts[of] = count;
    }
}

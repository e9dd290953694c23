namespace NovaCow.Core.Hosting;

/// <summary>What a host is told of the worth of its bases; whatever it does not name is judged by
/// its own value.</summary>
/// <param name="Protected">Never evicted, whether they are there already or come to be.</param>
/// <param name="Retired">Nobody will launch them again: the first to go.</param>
public sealed record KeptBases(
    IReadOnlyList<BaseKey> Protected, IReadOnlyList<BaseKey> Retired)
{
    /// <summary>Nothing is told of any base.</summary>
    public static KeptBases None { get; } = new([], []);
}

/// <summary>How a base was used, to be remembered beyond the host's life.</summary>
/// <param name="Key">The base.</param>
/// <param name="Uses">Disks made from it.</param>
/// <param name="LastUsedAt">When one was made last.</param>
/// <param name="MadeIn">How long its making took, where that was observed.</param>
public sealed record BaseUse(BaseKey Key, int Uses, DateTimeOffset LastUsedAt, TimeSpan? MadeIn);

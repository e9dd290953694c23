namespace NovaCow.Client;

/// <summary>The cache of the fleet.</summary>
/// <param name="Images">Each image's copies.</param>
/// <param name="Hosts">Each host's bases.</param>
public sealed record CacheResource(
    IReadOnlyList<ImageCacheResource> Images, IReadOnlyList<HostCacheResource> Hosts);

/// <summary>The copies of one image, as they are wanted and as they are.</summary>
public sealed record ImageCacheResource
{
    /// <summary>The image.</summary>
    public required string Image { get; init; }

    /// <summary>The base that holds its current version.</summary>
    public required string Key { get; init; }

    /// <summary>So many hosts are to have it at the least; 0: no number was asked for.</summary>
    public required int WantedCopies { get; init; }

    /// <summary>Hosts that are to have it.</summary>
    public required IReadOnlyList<string> WantedHosts { get; init; }

    /// <summary>Whether copies that there are, are kept.</summary>
    public required bool Pinned { get; init; }

    /// <summary>The hosts that the pin is about; none: all.</summary>
    public required IReadOnlyList<string> PinnedHosts { get; init; }

    /// <summary>Hosts that have it.</summary>
    public required int Ready { get; init; }

    /// <summary>Hosts that make it.</summary>
    public required int Making { get; init; }

    /// <summary>Hosts that failed to make it and wait before they try again.</summary>
    public required int Failed { get; init; }

    /// <summary>The bytes that its copies take.</summary>
    public required long Bytes { get; init; }

    /// <summary>The copies, by host; bounded.</summary>
    public required IReadOnlyList<CopyResource> Copies { get; init; }

    /// <summary>Why copies are missing that nobody makes; null: none is.</summary>
    public string? Shortfall { get; init; }
}

/// <summary>One copy of an image.</summary>
/// <param name="Host">The host.</param>
/// <param name="State">ready, making or failing.</param>
/// <param name="Bytes">What it takes.</param>
/// <param name="Kept">Whether it is never evicted as things are.</param>
/// <param name="Problem">Why it failed.</param>
public sealed record CopyResource(
    string Host, string State, long Bytes, bool Kept, string? Problem);

/// <summary>The bases of one host, in bytes.</summary>
/// <param name="Host">The host.</param>
/// <param name="State">up, disconnected or unreachable.</param>
/// <param name="Bases">How many it has.</param>
/// <param name="BaseBytes">What they take.</param>
/// <param name="ProtectedBytes">Those of them that are never evicted.</param>
/// <param name="BudgetBytes">What they may take; null: as much as there is room for.</param>
public sealed record HostCacheResource(
    string Host, string State, int Bases, long BaseBytes, long ProtectedBytes, long? BudgetBytes);

/// <summary>Which hosts are to have an image, in place of what was wanted before.</summary>
public sealed record PrecacheRequest
{
    /// <summary>So many hosts at the least.</summary>
    public int Copies { get; init; }

    /// <summary>And these.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];
}

/// <summary>Where an image's copies are kept.</summary>
public sealed record PinRequest
{
    /// <summary>On these hosts; none: on all.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];
}

/// <summary>Gives an image a next version. What is left out is computed from the source; its
/// operating system, and what it boots with, are those of the current version.</summary>
public sealed record UpdateImageRequest
{
    /// <summary>A <c>file:</c>, <c>http:</c> or <c>https:</c> URI, or an absolute path.</summary>
    public required string Source { get; init; }

    /// <summary>The digest its bytes must have; computed when null.</summary>
    public string? Digest { get; init; }

    /// <summary>The format it must be in; detected when null.</summary>
    public string? Format { get; init; }

    /// <summary>Launches take it once so many hosts have it; null: as many as have the current
    /// version.</summary>
    public int? MinWarm { get; init; }
}

/// <summary>The versions of an image that was ever updated.</summary>
/// <param name="Current">The number of the version that launches take.</param>
/// <param name="Previous">What was current before.</param>
/// <param name="Update">The update that is under way, or the last one.</param>
public sealed record ImageVersionsResource(
    int Current, ImageVersionResource? Previous, ImageUpdateResource? Update);

/// <summary>A version that is not current.</summary>
public sealed record ImageVersionResource(int Number, string Digest, string Source);

/// <summary>The making of a next version.</summary>
public sealed record ImageUpdateResource
{
    /// <summary>The version.</summary>
    public required ImageVersionResource Version { get; init; }

    /// <summary>running, done, failed or aborted.</summary>
    public required string State { get; init; }

    /// <summary>Launches take it once so many hosts have it.</summary>
    public required int MinWarm { get; init; }

    /// <summary>Hosts that have it; 0 once the update has ended.</summary>
    public required int Warm { get; init; }

    /// <summary>Hosts that make it.</summary>
    public required int Making { get; init; }

    /// <summary>Why it failed, or why nothing goes on.</summary>
    public string? Reason { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset BegunAt { get; init; }

    /// <summary>When it ended; null: it is under way.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>The copies of one image, as they are and as they are wanted.</summary>
public sealed record ImageCacheInfo
{
    /// <summary>The most copies that are named in one answer.</summary>
    public const int MaxNamed = 100;

    /// <summary>The image.</summary>
    public required ImageName Name { get; init; }

    /// <summary>The base that holds its current version.</summary>
    public required BaseKey Key { get; init; }

    /// <summary>What is wanted.</summary>
    public required ImageCache Wanted { get; init; }

    /// <summary>Hosts that can be counted on, and have it.</summary>
    public int Ready { get; init; }

    /// <summary>Hosts that make it, or were asked to.</summary>
    public int Making { get; init; }

    /// <summary>Hosts that failed to make it, and wait before they try again.</summary>
    public int Failed { get; init; }

    /// <summary>The bytes that its copies take.</summary>
    public long Bytes { get; init; }

    /// <summary>The copies, by host, the first <see cref="MaxNamed"/>.</summary>
    public IReadOnlyList<CopyInfo> Copies { get; init; } = [];

    /// <summary>Why copies are missing that nobody makes; null: none is.</summary>
    public string? Shortfall { get; init; }
}

/// <summary>One copy.</summary>
/// <param name="Host">The host.</param>
/// <param name="State">How it stands with it.</param>
/// <param name="Bytes">What it takes.</param>
/// <param name="IsKept">Whether it is never evicted as things are.</param>
/// <param name="Problem">Why it failed.</param>
public sealed record CopyInfo(
    HostId Host, CopyState State, long Bytes, bool IsKept, string? Problem);

/// <summary>How the cache of one host stands.</summary>
/// <param name="Host">The host.</param>
/// <param name="Status">Whether it can be counted on.</param>
/// <param name="Bases">How many bases it has.</param>
/// <param name="Usage">What they take, and may take; null: it has not reported.</param>
public sealed record HostCacheInfo(
    HostId Host, HostStatus Status, int Bases, HostUsage? Usage);

/// <summary>How an image's versions stand.</summary>
/// <param name="History">The versions.</param>
/// <param name="Warm">Hosts that have the version that an update under way makes.</param>
/// <param name="Next">The copies of that version; null: no update is under way.</param>
public sealed record ImageVersionInfo(ImageHistory History, int Warm, ImageCacheInfo? Next);

namespace NovaCow.Client;

/// <summary>A compute host, as the scheduler sees it.</summary>
public sealed partial record HostResource
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>up, disconnected (within its grace) or unreachable.</summary>
    public required string State { get; init; }

    /// <summary>The volume driver of launches that name none.</summary>
    public required string Driver { get; init; }

    /// <summary>All of its volume drivers, that one first.</summary>
    public required IReadOnlyList<string> Drivers { get; init; }

    /// <summary>Virtual processors it offers, and those that are claimed.</summary>
    public required CapacityResource VCpus { get; init; }

    /// <summary>Memory it offers, and what is claimed, in bytes.</summary>
    public required CapacityResource MemoryBytes { get; init; }

    /// <summary>Its store's size and what is claimed of it in the worst case, in bytes.</summary>
    public required CapacityResource DiskBytes { get; init; }

    /// <summary>What is free in its store, in bytes.</summary>
    public required long FreeBytes { get; init; }

    /// <summary>Instances placed on it.</summary>
    public required int Instances { get; init; }

    /// <summary>Images it downloaded since it started.</summary>
    public required long Downloads { get; init; }

    /// <summary>Images it converted since it started.</summary>
    public required long Conversions { get; init; }

    /// <summary>Bytes on its disk that clones share: its bases.</summary>
    public required long SharedBytes { get; init; }

    /// <summary>Bytes on its disk that are one instance's own, as they were measured last.
    /// </summary>
    public required long UniqueBytes { get; init; }

    /// <summary>Bytes that full copies in its clones' place would take.</summary>
    public required long FullCopyBytes { get; init; }

    /// <summary>Images that were made of its disks and that it keeps for other hosts.</summary>
    public int Captures { get; init; }

    /// <summary>Bytes on its disk that they take.</summary>
    public long CaptureBytes { get; init; }

    /// <summary>When it last said something.</summary>
    public required DateTimeOffset LastSeenAt { get; init; }
}

/// <summary>A capacity and what is claimed of it.</summary>
public sealed record CapacityResource(long Total, long Claimed)
{
    /// <summary>How much is promised for each that there is.</summary>
    public double Overcommit { get; init; } = 1;
}

/// <summary>A base volume on a host.</summary>
public sealed record BaseResource
{
    /// <summary>The host it is on.</summary>
    public required string Host { get; init; }

    /// <summary>Its key: <c>sha256-…</c> or <c>blank-…</c>.</summary>
    public required string Key { get; init; }

    /// <summary>The image it was first made for, or what blank it is.</summary>
    public required string Title { get; init; }

    /// <summary>creating, ready, evicting, failed or quarantined (damaged).</summary>
    public required string State { get; init; }

    /// <summary>Where it is while it is made: fetching, inspecting, building; else null.</summary>
    public string? Step { get; init; }

    /// <summary>Bytes done of this step.</summary>
    public long DoneBytes { get; init; }

    /// <summary>Bytes in all of this step, where known.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Clones of it that exist.</summary>
    public required int Clones { get; init; }

    /// <summary>Its size as a disk, in bytes.</summary>
    public required long VirtualSizeBytes { get; init; }

    /// <summary>The bytes it takes on the host's disk.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>Why it could not be made, and when it will be tried again.</summary>
    public string? Error { get; init; }

    /// <summary>The last damage that was found in it.</summary>
    public BaseDamageResource? Damage { get; init; }

    /// <summary>How its verification goes, or went last; null: it was not verified since the host
    /// started.</summary>
    public BaseScrubResource? Scrub { get; init; }
}

namespace NovaCow.Client;

/// <summary>Damage that was found in a base.</summary>
/// <param name="Reason">What was wrong with it.</param>
/// <param name="FoundAt">When that was found.</param>
/// <param name="RebuiltAt">When it was made again; null: not yet.</param>
/// <param name="Clones">The instances that had clones of it then: what they had read of it may have
/// been wrong.</param>
/// <param name="CloneCount">How many there were; the list may be shorter.</param>
public sealed record BaseDamageResource(
    string Reason,
    DateTimeOffset FoundAt,
    DateTimeOffset? RebuiltAt,
    IReadOnlyList<string> Clones,
    int CloneCount);

/// <summary>The verification of a base.</summary>
/// <param name="State">running (or waiting for its turn), ok, bad, or failed: it could not be
/// read.</param>
/// <param name="VerifiedAt">When one ended last with ok or bad.</param>
/// <param name="ReadBytes">Bytes read by the one that runs, or the last.</param>
/// <param name="Problem">What was wrong, or why it failed.</param>
public sealed record BaseScrubResource(
    string State, DateTimeOffset? VerifiedAt, long ReadBytes, string? Problem);

/// <summary>Bases that will be verified.</summary>
/// <param name="Bases">How many.</param>
public sealed record ScrubResponse(int Bases);

/// <summary>How one host's store, or the fleet's, is used, in bytes.</summary>
public sealed record SpaceUsage
{
    /// <summary>The size of what the volumes lie in.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>What is free in it.</summary>
    public required long FreeBytes { get; init; }

    /// <summary>Free bytes that are promised to volumes being made.</summary>
    public required long ReservedBytes { get; init; }

    /// <summary>Bytes in bases, which their clones share.</summary>
    public required long BaseBytes { get; init; }

    /// <summary>Bytes in instance disks that are theirs alone.</summary>
    public required long UniqueBytes { get; init; }

    /// <summary>Bytes that full copies in the clones' place would take.</summary>
    public required long FullCopyBytes { get; init; }

    /// <summary>What bases and disks would take with every disk filled.</summary>
    public required long WorstCaseBytes { get; init; }

    /// <summary>When the disks were measured; null: not yet, and their bytes are those of when they
    /// were made.</summary>
    public DateTimeOffset? MeasuredAt { get; init; }
}

/// <summary>The fleet's space.</summary>
/// <param name="Usage">Of all hosts together; measured when the one that was measured first was.
/// </param>
/// <param name="Hosts">Each host that has reported.</param>
public sealed record FleetSpaceResource(
    SpaceUsage Usage, IReadOnlyList<HostUsageResource> Hosts);

/// <summary>A host's space, as it reported it last.</summary>
public sealed record HostUsageResource(string Host, SpaceUsage Usage);

/// <summary>A host's space in detail, measured for this answer.</summary>
public sealed record HostSpaceResource
{
    /// <summary>The host.</summary>
    public required string Host { get; init; }

    /// <summary>The whole.</summary>
    public required SpaceUsage Usage { get; init; }

    /// <summary>Its bases.</summary>
    public required IReadOnlyList<BaseSpaceResource> Bases { get; init; }

    /// <summary>Its instances, those with the most bytes of their own first; bounded.</summary>
    public required IReadOnlyList<InstanceSpaceResource> Instances { get; init; }

    /// <summary>How many instances it has; the list may be shorter.</summary>
    public required int InstanceCount { get; init; }
}

/// <summary>What a base takes, in bytes.</summary>
/// <param name="Key">The base.</param>
/// <param name="Title">What it holds.</param>
/// <param name="Clones">How many disks share it.</param>
/// <param name="VirtualSizeBytes">Its size as a disk.</param>
/// <param name="AllocatedBytes">The bytes it takes.</param>
/// <param name="SharedBytes">Those that clones share: all of them, if it has any.</param>
/// <param name="UniqueBytes">Those that nobody shares.</param>
public sealed record BaseSpaceResource(
    string Key,
    string Title,
    int Clones,
    long VirtualSizeBytes,
    long AllocatedBytes,
    long SharedBytes,
    long UniqueBytes);

/// <summary>What an instance's disks take, in bytes.</summary>
/// <param name="Id">The instance.</param>
/// <param name="VirtualSizeBytes">Their sizes as disks: the most they can take.</param>
/// <param name="AllocatedBytes">The bytes in them.</param>
/// <param name="SharedBytes">Those that they have in common with bases or other disks.</param>
/// <param name="UniqueBytes">Those that would be free if the instance were deleted.</param>
public sealed record InstanceSpaceResource(
    string Id, long VirtualSizeBytes, long AllocatedBytes, long SharedBytes, long UniqueBytes);

using System.Text.Json.Serialization;

namespace NovaCow.Core.Hosting;

/// <summary>What a host can give to instances in all, before overcommit.</summary>
/// <param name="VCpus">Processors.</param>
/// <param name="MemoryBytes">Memory, in bytes.</param>
/// <param name="DiskBytes">The store's file system, in bytes.</param>
public sealed record HostCapacity(int VCpus, long MemoryBytes, long DiskBytes);

/// <summary>Where a base volume is in its life.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<BaseState>))]
public enum BaseState
{
    /// <summary>Not on this host.</summary>
    Absent,

    /// <summary>Being fetched, inspected or converted.</summary>
    Creating,

    /// <summary>Whole and published; it can be cloned.</summary>
    Ready,

    /// <summary>Being removed.</summary>
    Evicting,

    /// <summary>The last try failed; it is tried again on demand after a pause.</summary>
    Failed,

    /// <summary>It is not what it was when it was published: nothing is cloned from it until it is
    /// made again.</summary>
    Quarantined,
}

/// <summary>What a base that is being made waits for.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<BaseStep>))]
public enum BaseStep
{
    /// <summary>Its turn: the host makes only so many at a time.</summary>
    Queued,

    /// <summary>The download.</summary>
    Fetching,

    /// <summary>The judgement of the bytes.</summary>
    Inspecting,

    /// <summary>The writing of the base itself, converted or formatted.</summary>
    Building,
}

/// <summary>One base volume on one host, as the host tells it.</summary>
public sealed record BaseReport
{
    /// <summary>What names it.</summary>
    public required BaseKey Key { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required BaseState State { get; init; }

    /// <summary>The image it was made for, or the blank's description.</summary>
    public required string Title { get; init; }

    /// <summary>Its size as a disk, in bytes.</summary>
    public required long VirtualSizeBytes { get; init; }

    /// <summary>The bytes it takes; 0 until it is ready.</summary>
    public long AllocatedBytes { get; init; }

    /// <summary>Living clones: while there is one, the base stays.</summary>
    public int Clones { get; init; }

    /// <summary>The bytes that its clones took when they were made.</summary>
    public long CloneBytes { get; init; }

    /// <summary>Launches that wait for it.</summary>
    public int Waiters { get; init; }

    /// <summary>What it waits for while it is being made.</summary>
    public BaseStep? Step { get; init; }

    /// <summary>Bytes of the current step that are done.</summary>
    public long DoneBytes { get; init; }

    /// <summary>Bytes of the current step in all, where that is known.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Why the last try failed.</summary>
    public LaunchError? Error { get; init; }

    /// <summary>When a failed base may be tried again.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>How long the making took, once it is done in this life of the host.</summary>
    public TimeSpan? MadeIn { get; init; }

    /// <summary>Disks made from it, in this life of the host.</summary>
    public int Uses { get; init; }

    /// <summary>When a disk was made from it last, or it was published.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The last damage that was found in it, in this life of the host; kept after it was
    /// made again, as its clones may have read wrong bytes.</summary>
    public BaseDamage? Damage { get; init; }

    /// <summary>How its verification goes, or went last; null: none in this life of the host.
    /// </summary>
    public BaseScrub? Scrub { get; init; }
}

/// <summary>How far an instance is on its host.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<InstanceState>))]
public enum InstanceState
{
    /// <summary>Its disks are being made.</summary>
    Preparing,

    /// <summary>Its disks and its record are durable; it waits for the commit.</summary>
    Prepared,

    /// <summary>Committed and running, or ready without a hypervisor.</summary>
    Active,

    /// <summary>It is being undone or removed.</summary>
    Deleting,
}

/// <summary>One instance on a host, as the host tells it.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Fence">The newest fence that the host has seen for it.</param>
/// <param name="State">How far it is.</param>
public sealed record HostedInstance(InstanceId Id, LaunchFence Fence, InstanceState State)
{
    /// <summary>How its machine is; null: it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PowerReport? Power { get; init; }
}

/// <summary>How an instance's machine is, as its host tells it.</summary>
/// <param name="Status">How, and why.</param>
/// <param name="Since">Since when, by the host's clock.</param>
public sealed record PowerReport(MachineStatus Status, DateTimeOffset Since);

/// <summary>A part of what a guest wrote on its serial console.</summary>
/// <param name="Offset">Where it begins, in bytes from the console's beginning: at or after what
/// was asked for, as what is old is not kept.</param>
/// <param name="Bytes">What was written there; empty at the console's end.</param>
/// <param name="EndOffset">Where the console ends now.</param>
public sealed record ConsolePart(long Offset, byte[] Bytes, long EndOffset);

/// <summary>What a host has done since it started.</summary>
/// <param name="Downloads">Images fetched.</param>
/// <param name="Conversions">Bases made from images.</param>
/// <param name="BlankBases">Blank bases made.</param>
/// <param name="Clones">Disks made.</param>
/// <param name="BytesFetched">Bytes that the downloads moved.</param>
public sealed record HostCounters(
    long Downloads, long Conversions, long BlankBases, long Clones, long BytesFetched)
{
    /// <summary>Bases removed to make room, or on order.</summary>
    public long Evictions { get; init; }
}

/// <summary>How a host's store is used: free room as it is now, disks as they were measured last.
/// </summary>
/// <param name="TotalBytes">What the volumes lie in: a file system, or a pool.</param>
/// <param name="FreeBytes">What is free in it.</param>
/// <param name="ReservedBytes">Free bytes that are promised to bases and copies being made.</param>
/// <param name="BaseBytes">Bytes in bases: shared by their clones.</param>
/// <param name="DiskBytes">Bytes in instance disks, unique to each; of those made since
/// <see cref="MeasuredAt"/>, what they took then.</param>
/// <param name="FullCopyBytes">Bytes that full copies in the clones' place would take.</param>
public sealed record HostUsage(
    long TotalBytes,
    long FreeBytes,
    long ReservedBytes,
    long BaseBytes,
    long DiskBytes,
    long FullCopyBytes)
{
    /// <summary>What bases and disks would take if every disk were filled: the bases' bytes and
    /// the disks' full sizes.</summary>
    public long WorstCaseBytes { get; init; }

    /// <summary>When the disks were measured last; null: not yet, and their bytes are those of when
    /// they were made.</summary>
    public DateTimeOffset? MeasuredAt { get; init; }

    /// <summary>Those bytes of bases that are never evicted: the scheduler said so.</summary>
    public long ProtectedBytes { get; init; }

    /// <summary>The bytes that bases may take; null: as many as there is room for.</summary>
    public long? CacheBudgetBytes { get; init; }

    /// <summary>Images that were made of its disks and that it keeps for other hosts.</summary>
    public int Captures { get; init; }

    /// <summary>The bytes that they take.</summary>
    public long CaptureBytes { get; init; }
}

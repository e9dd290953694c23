namespace NovaCow.Client;

/// <summary>Asks for a larger root disk.</summary>
public sealed record ResizeRequest
{
    /// <summary>The root disk's new size, in bytes; at least what it has, and rounded up to whole
    /// sectors.</summary>
    public required long RootBytes { get; init; }
}

/// <summary>Asks for the root disk to become a clone of an image's base.</summary>
public sealed record RebaseRequest
{
    /// <summary>The image's name; null is the one that the disk was a clone of last.</summary>
    public string? Image { get; init; }
}

/// <summary>Asks for disks that own their bytes to become copy-on-write.</summary>
public sealed record MigrateRequest
{
    /// <summary>The driver that has them then: qcow2 or reflink; null is the first of the host's
    /// that shares.</summary>
    public string? Driver { get; init; }
}

/// <summary>An operation on an instance's machine or its disks, or its move to another host. What a
/// guest reads from its disks changes by rebuild only.</summary>
public sealed record OperationResource
{
    /// <summary>start, stop, reboot, rebuild, capture, attach, detach, resize, flatten, rebase,
    /// migrate or move.</summary>
    public required string Kind { get; init; }

    /// <summary>running, cancelling, done, failed or cancelled; of a move copying, undoing or
    /// leaving, done, failed or cancelled.</summary>
    public required string State { get; init; }

    /// <summary>What it does, in words.</summary>
    public required string Detail { get; init; }

    /// <summary>Bytes of the disks that were looked at, while its host tells.</summary>
    public long? DoneBytes { get; init; }

    /// <summary>Bytes of the disks in all.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public string? Error { get; init; }

    /// <summary>The stable code of that.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>When it was journaled.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When its end was known.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What the instance's disks took for themselves before, in bytes.</summary>
    public long? BytesBefore { get; init; }

    /// <summary>What they took afterwards.</summary>
    public long? BytesAfter { get; init; }
}

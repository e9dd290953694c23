namespace NovaCow.Core;

/// <summary>A disk file that no store of ours has, and whose bytes a new disk is to hold.</summary>
/// <param name="Name">Which disk of its instance it is.</param>
/// <param name="Path">The file; absolute, without links.</param>
/// <param name="Format">raw or qcow2: from what describes the disk, never probed.</param>
/// <param name="BackingPath">The raw file that it lies over; null: it owns its bytes.</param>
/// <param name="VirtualSizeBytes">Its size as a disk.</param>
/// <param name="AllocatedBytes">The bytes it takes.</param>
public sealed record ForeignDisk(
    DiskName Name,
    string Path,
    string Format,
    string? BackingPath,
    long VirtualSizeBytes,
    long AllocatedBytes);

/// <summary>What a folder of another system's instances holds.</summary>
/// <param name="Instances">By id.</param>
/// <param name="Bases">The raw files that their disks lie over, by path.</param>
public sealed record ForeignFolder(
    IReadOnlyList<ForeignInstance> Instances, IReadOnlyList<ForeignBase> Bases);

/// <summary>An instance of another system, as it was found.</summary>
public sealed record ForeignInstance
{
    /// <summary>Its id: its folder's name.</summary>
    public required InstanceId Id { get; init; }

    /// <summary>Its disks, the root disk first.</summary>
    public required IReadOnlyList<ForeignDisk> Disks { get; init; }

    /// <summary>Virtual processors, where its description says so; else 1.</summary>
    public required int VCpus { get; init; }

    /// <summary>Memory in bytes, where its description says so; else 0.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Files that are not disks to adopt, and stay where they are.</summary>
    public required IReadOnlyList<string> LeftAlone { get; init; }

    /// <summary>Why it cannot be adopted; null: it can.</summary>
    public string? Problem { get; init; }
}

/// <summary>A base of another system.</summary>
/// <param name="Path">The raw file.</param>
/// <param name="SizeBytes">Its length.</param>
/// <param name="AllocatedBytes">The bytes it takes.</param>
/// <param name="Digest">Its SHA-256, where that was asked for.</param>
public sealed record ForeignBase(
    string Path, long SizeBytes, long AllocatedBytes, Digest? Digest = null);

/// <summary>Where an adopted instance's disks come from.</summary>
/// <param name="Host">The host that has the files.</param>
/// <param name="Disks">Its disks as they were found.</param>
public sealed record Adoption(HostId Host, IReadOnlyList<ForeignDisk> Disks)
{
    /// <inheritdoc/>
    public bool Equals(Adoption? other) =>
        other is not null && Host == other.Host && Disks.SequenceEqual(other.Disks);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Host, Disks.Count);
}

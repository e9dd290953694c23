namespace NovaCow.Client;

/// <summary>Asks for the instances in a folder of another system to be taken over.</summary>
public sealed record AdoptRequest
{
    /// <summary>The folder on the host, one of those in its configuration.</summary>
    public required string Folder { get; init; }

    /// <summary>Only says what is there and what would be done.</summary>
    public bool DryRun { get; init; }

    /// <summary>The image that the root disks are to be clones of; null: each instance's own base
    /// becomes one.</summary>
    public string? Image { get; init; }

    /// <summary>Only these instances; null: all.</summary>
    public IReadOnlyList<string>? Ids { get; init; }
}

/// <summary>What was found in the folder, and what became of it.</summary>
public sealed record AdoptResponse
{
    /// <summary>The instances, by id.</summary>
    public required IReadOnlyList<AdoptedInstance> Instances { get; init; }

    /// <summary>The bases that their disks lie over.</summary>
    public required IReadOnlyList<AdoptedBase> Bases { get; init; }
}

/// <summary>An instance of another system.</summary>
public sealed record AdoptedInstance
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Processors, as it is described.</summary>
    public required int VCpus { get; init; }

    /// <summary>Memory in bytes, as it is described; 0 where it is not.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Its disks, the root disk first.</summary>
    public required IReadOnlyList<AdoptedDisk> Disks { get; init; }

    /// <summary>Files of it that stay where they are.</summary>
    public required IReadOnlyList<string> LeftAlone { get; init; }

    /// <summary>The image that its root disk is or would be a clone of; null when it cannot be
    /// adopted.</summary>
    public string? Image { get; init; }

    /// <summary>The state of the instance that it became; null when it is none.</summary>
    public string? State { get; init; }

    /// <summary>Why it cannot be adopted.</summary>
    public string? Problem { get; init; }
}

/// <summary>A disk file of another system.</summary>
/// <param name="Name">root, ephemeral0… or swap.</param>
/// <param name="Path">The file.</param>
/// <param name="Format">Its format, as it is described.</param>
/// <param name="BackingFile">The base that it lies over.</param>
/// <param name="VirtualSizeBytes">Its size as a disk.</param>
/// <param name="AllocatedBytes">The bytes it takes.</param>
public sealed record AdoptedDisk(
    string Name,
    string Path,
    string Format,
    string? BackingFile,
    long VirtualSizeBytes,
    long AllocatedBytes);

/// <summary>A base of another system.</summary>
/// <param name="Path">The file.</param>
/// <param name="Image">The name under which it is or would be registered.</param>
/// <param name="SizeBytes">Its length.</param>
/// <param name="AllocatedBytes">The bytes it takes.</param>
/// <param name="Disks">How many disks lie over it.</param>
public sealed record AdoptedBase(
    string Path, string Image, long SizeBytes, long AllocatedBytes, int Disks);

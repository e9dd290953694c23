namespace NovaCow.Core;

/// <summary>A size class: what an instance gets.</summary>
public sealed record Flavor
{
    /// <summary>The name it is chosen by.</summary>
    public required FlavorName Name { get; init; }

    /// <summary>Virtual processors.</summary>
    public required int VCpus { get; init; }

    /// <summary>Memory, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The root disk's size, in bytes.</summary>
    public required long RootDiskBytes { get; init; }

    /// <summary>Local storage, a disk each, in the order of their device names.</summary>
    public IReadOnlyList<BlankSpec> EphemeralDisks { get; init; } = [];

    /// <summary>The swap disk's size in bytes; 0 is none.</summary>
    public long SwapBytes { get; init; }
}

/// <summary>What a blank base holds.</summary>
/// <param name="SizeBytes">The disk's size, in bytes; a multiple of 512.</param>
/// <param name="FileSystem">What it is formatted with.</param>
public sealed record BlankSpec(long SizeBytes, BlankFileSystem FileSystem);

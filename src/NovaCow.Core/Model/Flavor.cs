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
public sealed record BlankSpec(long SizeBytes, BlankFileSystem FileSystem)
{
    private static readonly VolumeLabel s_ephemeral = VolumeLabel.Parse("ephemeral0");
    private static readonly VolumeLabel s_swap = VolumeLabel.Parse("swap0");

    /// <summary>The label to give its file system; null: the usual one of its kind.</summary>
    public VolumeLabel? Label { get; init; }

    /// <summary>In a flavor: the image's operating system decides the file system, by
    /// <see cref="EphemeralFileSystems"/>, when a launch is taken. No disk is made of it.</summary>
    public bool IsByOsType { get; init; }

    /// <summary>The label that its file system has: <c>ephemeral0</c> or <c>swap0</c> unless
    /// another was given; null where nothing is formatted.</summary>
    public VolumeLabel? EffectiveLabel() => FileSystem switch
    {
        BlankFileSystem.Raw => null,
        BlankFileSystem.Swap => Label ?? s_swap,
        _ => Label ?? s_ephemeral,
    };

    /// <summary>Whether the label is the usual one, which keys leave out.</summary>
    internal bool HasUsualLabel() =>
        EffectiveLabel() == (this with { Label = null }).EffectiveLabel();
}

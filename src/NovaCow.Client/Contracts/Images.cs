namespace NovaCow.Client;

/// <summary>A catalogue entry, as the API shows it.</summary>
public sealed record ImageResource
{
    /// <summary>The name it is launched by.</summary>
    public required string Name { get; init; }

    /// <summary>Where hosts fetch it; credentials in it are not shown.</summary>
    public required string Source { get; init; }

    /// <summary>The digest that its bytes must have, for example <c>sha256:9f3c…</c>.</summary>
    public required string Digest { get; init; }

    /// <summary>raw, qcow2, vmdk, vhd, vhdx, vdi or iso; aki for a kernel and ari for a ramdisk.
    /// </summary>
    public required string Format { get; init; }

    /// <summary>The download's length, in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The size of the disk inside, in bytes.</summary>
    public required long VirtualSizeBytes { get; init; }

    /// <summary>The smallest root disk it can be launched on, in bytes.</summary>
    public required long MinDiskBytes { get; init; }

    /// <summary>The operating system inside, where it was said.</summary>
    public string? OsType { get; init; }

    /// <summary>The image of the kernel that instances boot with; null: the disk brings its own.
    /// </summary>
    public string? Kernel { get; init; }

    /// <summary>The image of that kernel's ramdisk.</summary>
    public string? Ramdisk { get; init; }

    /// <summary>That kernel's command line.</summary>
    public string? KernelArguments { get; init; }

    /// <summary>Its versions, where one image is shown; null: it was never updated.</summary>
    public ImageVersionsResource? Versions { get; init; }
}

/// <summary>Registers an image. What is left out is computed from the source.</summary>
public sealed record RegisterImageRequest
{
    /// <summary>The name to launch it by.</summary>
    public required string Name { get; init; }

    /// <summary>A <c>file:</c>, <c>http:</c> or <c>https:</c> URI, or an absolute path.</summary>
    public required string Source { get; init; }

    /// <summary>The digest its bytes must have; computed when null.</summary>
    public string? Digest { get; init; }

    /// <summary>The format it must be in; detected when null, but for a kernel (aki) or a ramdisk
    /// (ari), which must be named.</summary>
    public string? Format { get; init; }

    /// <summary>The smallest root disk, in bytes; the virtual size when null.</summary>
    public long? MinDiskBytes { get; init; }

    /// <summary>The operating system inside: linux, windows or another short name.</summary>
    public string? OsType { get; init; }

    /// <summary>A registered image of format aki that instances boot with.</summary>
    public string? Kernel { get; init; }

    /// <summary>A registered image of format ari: that kernel's ramdisk.</summary>
    public string? Ramdisk { get; init; }

    /// <summary>That kernel's command line: up to 4096 characters of printable ASCII.</summary>
    public string? KernelArguments { get; init; }
}

/// <summary>A size class, as the API shows it.</summary>
public sealed record FlavorResource
{
    /// <summary>The name it is chosen by.</summary>
    public required string Name { get; init; }

    /// <summary>Virtual processors.</summary>
    public required int VCpus { get; init; }

    /// <summary>Memory, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The root disk's size, in bytes; 0 is the image's own.</summary>
    public required long RootDiskBytes { get; init; }

    /// <summary>Local storage.</summary>
    public required IReadOnlyList<EphemeralDiskResource> EphemeralDisks { get; init; }

    /// <summary>The swap disk's size in bytes; 0 is none.</summary>
    public required long SwapBytes { get; init; }
}

/// <summary>A disk of local storage in a flavor.</summary>
/// <param name="SizeBytes">Its size, in bytes.</param>
/// <param name="FileSystem">raw, ext4, xfs, vfat or ntfs; default: by the image's OS type.</param>
public sealed record EphemeralDiskResource(long SizeBytes, string FileSystem);

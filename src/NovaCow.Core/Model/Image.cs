namespace NovaCow.Core;

/// <summary>
/// A catalogue entry: where an image is, and what its bytes must be. Pinned by its digest, so a
/// source whose content changes is refused, never silently used.
/// </summary>
public sealed record Image
{
    /// <summary>The name it is launched by.</summary>
    public required ImageName Name { get; init; }

    /// <summary>Where its bytes are: a <c>file:</c>, <c>http:</c> or <c>https:</c> URI, or that of
    /// a host of this cluster that made it of a disk: <c>peer+https:</c> or <c>peer+http:</c>.
    /// </summary>
    public required Uri Source { get; init; }

    /// <summary>The digest of the bytes as downloaded.</summary>
    public required Digest Digest { get; init; }

    /// <summary>The format that the bytes are in.</summary>
    public required DiskFormat Format { get; init; }

    /// <summary>The length of the download, in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The size of the disk inside, in bytes; of a kernel or ramdisk its length.
    /// </summary>
    public required long VirtualSizeBytes { get; init; }

    /// <summary>The smallest root disk that may be launched from it, in bytes.</summary>
    public required long MinDiskBytes { get; init; }

    /// <summary>The operating system inside; null: unknown.</summary>
    public OsType? OsType { get; init; }

    /// <summary>The image (<see cref="DiskFormat.Aki"/>) of the kernel that instances boot with;
    /// null: the disk brings its own.</summary>
    public ImageName? Kernel { get; init; }

    /// <summary>The image (<see cref="DiskFormat.Ari"/>) of that kernel's ramdisk.</summary>
    public ImageName? Ramdisk { get; init; }

    /// <summary>That kernel's command line.</summary>
    public string? KernelArguments { get; init; }

    /// <summary>The name and port of the server whose bandwidth a fetch shares with others; null:
    /// it lies in a file of the host, which is read from nobody else.</summary>
    public string? Server() =>
        Source.IsFile || Source.Host.Length == 0 ? null : Source.Authority;

    /// <summary>What the pace of a fetch is kept by: <see cref="Server"/>, or <c>file</c>.
    /// </summary>
    public string SourceKey() => Server() ?? "file";

    /// <summary>The base volume that holds it on any host.</summary>
    public BaseKey BaseKey() => NovaCow.Core.BaseKey.Of(this);
}

namespace NovaCow.Core.Hosting;

/// <summary>Says how much room a base may need while it is being made.</summary>
public static class BaseSpace
{
    private const long MiB = 1L << 20;

    /// <summary>
    /// The download beside the whole disk for an image; the download alone for a file to boot with,
    /// which becomes the base itself; for a blank disk what its file system
    /// writes when it is made, which is far less than the disk.
    /// </summary>
    public static long NeededBytes(BaseContent content) => content switch
    {
        BaseContent.OfImage { Image: var image } when image.Format.IsBootFile() =>
            image.SizeBytes,
        BaseContent.OfImage { Image: var image } => image.SizeBytes + image.VirtualSizeBytes,
        BaseContent.OfBlank { Blank: { FileSystem: BlankFileSystem.Raw } } => 0,
        BaseContent.OfBlank { Blank: { FileSystem: BlankFileSystem.Swap } } => MiB,
        BaseContent.OfBlank { Blank: var blank } =>
            Math.Min(blank.SizeBytes, (64 * MiB) + (blank.SizeBytes / 64)),
        _ => throw new InvalidOperationException($"unknown content {content}"),
    };

    /// <summary>What to call the base in errors and lists.</summary>
    public static string Title(BaseContent content) => content switch
    {
        BaseContent.OfImage { Image: var image } => $"image {image.Name}",
        BaseContent.OfBlank { Blank: var blank } =>
            $"blank {blank.FileSystem.ToString().ToLowerInvariant()} disk of "
                + $"{blank.SizeBytes / MiB} MiB"
                + (blank.HasUsualLabel() ? "" : $" labelled {blank.Label}"),
        _ => throw new InvalidOperationException($"unknown content {content}"),
    };
}

using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>What a base volume is made of.</summary>
[JsonDerivedType(typeof(OfImage), "image")]
[JsonDerivedType(typeof(OfBlank), "blank")]
public abstract record BaseContent
{
    private BaseContent()
    {
    }

    /// <summary>The key under which a base with this content is kept.</summary>
    public abstract BaseKey Key();

    /// <summary>The size of the base as a disk, in bytes.</summary>
    public abstract long VirtualSizeBytes();

    /// <summary>The digest of the base's own bytes where its content says it; null where an image
    /// is converted or a disk formatted.</summary>
    public Digest? OwnDigest() => this is OfImage
    {
        Image: { Format: DiskFormat.Raw or DiskFormat.Iso } image,
    } && image.SizeBytes % SectorBytes == 0
        ? image.Digest
        : null;

    private const int SectorBytes = 512;

    /// <summary>An image's disk.</summary>
    public sealed record OfImage(Image Image) : BaseContent
    {
        /// <inheritdoc/>
        public override BaseKey Key() => Image.BaseKey();

        /// <inheritdoc/>
        public override long VirtualSizeBytes() => Image.VirtualSizeBytes;
    }

    /// <summary>An empty disk, formatted.</summary>
    public sealed record OfBlank(BlankSpec Blank) : BaseContent
    {
        /// <inheritdoc/>
        public override BaseKey Key() => BaseKey.Of(Blank);

        /// <inheritdoc/>
        public override long VirtualSizeBytes() => Blank.SizeBytes;
    }
}

namespace NovaCow.Core;

/// <summary>Which file system local storage gets where the flavor leaves it to the image's
/// operating system.</summary>
/// <param name="Default">For images of no type, or of one that is not named.</param>
/// <param name="ByOsType">For images of a type.</param>
public sealed record EphemeralFileSystems(
    BlankFileSystem Default, IReadOnlyDictionary<OsType, BlankFileSystem> ByOsType)
{
    /// <summary>ext4, and NTFS for Windows.</summary>
    public static EphemeralFileSystems Usual { get; } = new(
        BlankFileSystem.Ext4,
        new Dictionary<OsType, BlankFileSystem>
        {
            [OsType.Parse("linux")] = BlankFileSystem.Ext4,
            [OsType.Parse("windows")] = BlankFileSystem.Ntfs,
        });

    /// <summary>The flavor as it is for an image: nothing is left open.</summary>
    public Flavor Resolve(Flavor flavor, Image image)
    {
        ArgumentNullException.ThrowIfNull(flavor);
        ArgumentNullException.ThrowIfNull(image);
        if (flavor.EphemeralDisks.All(d => !d.IsByOsType))
            return flavor;
        var fileSystem = image.OsType is { } os
            ? ByOsType.GetValueOrDefault(os, Default)
            : Default;
        return flavor with
        {
            EphemeralDisks =
            [
                .. flavor.EphemeralDisks.Select(d => d.IsByOsType
                    ? d with { FileSystem = fileSystem, IsByOsType = false }
                    : d),
            ],
        };
    }
}

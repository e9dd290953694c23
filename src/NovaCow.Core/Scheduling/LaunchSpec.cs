namespace NovaCow.Core.Scheduling;

/// <summary>
/// What a launch is to become: the image and the flavor as they were when it was accepted, so that
/// later changes of the catalogue do not reach it.
/// </summary>
/// <param name="Image">What the root disk is a clone of.</param>
/// <param name="Flavor">The sizes.</param>
public sealed record LaunchSpec(Image Image, Flavor Flavor)
{
    /// <summary>The volume driver that makes its disks; null: the host's default.</summary>
    public string? Driver { get; init; }

    /// <summary>How the root disk is laid out, where the driver is
    /// <see cref="DriverName.Copy"/>.</summary>
    public DiskLayout Layout { get; init; } = DiskLayout.Auto;
}

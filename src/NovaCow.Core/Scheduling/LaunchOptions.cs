using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>What a client may choose of a launch beside its image and its flavor.</summary>
public sealed partial record LaunchOptions
{
    /// <summary>Nothing chosen.</summary>
    public static LaunchOptions None { get; } = new();

    /// <summary>The volume driver that makes the disks, one of <see cref="DriverName"/>'s; null:
    /// the default one of whichever host takes the launch.</summary>
    public string? Driver { get; init; }

    /// <summary>How the root disk is laid out: <see cref="DiskLayout.Auto"/> or
    /// <see cref="DiskLayout.Ec2"/>.</summary>
    public DiskLayout Layout { get; init; } = DiskLayout.Auto;

    /// <summary>What the guest is told at its first boot; null: nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GuestSetup? Guest { get; init; }

    /// <summary>The same choice with what it implies: the layout of EC2 is made by copying, and
    /// the default project is no choice.</summary>
    public LaunchOptions Completed() => this with
    {
        Driver = this is { Layout: DiskLayout.Ec2, Driver: null } ? DriverName.Copy : Driver,
        Project = Project == ProjectName.Default ? null : Project,
    };

    /// <summary>Why the choice cannot be had, and what to do; null: it can.</summary>
    internal RequestError? Problem() => this switch
    {
        { Driver: { } driver } when !DriverName.All.Contains(driver) => new RequestError(
            RequestErrorCode.InvalidRequest,
            $"driver '{Names.Printable(driver)}': expected one of "
                + string.Join(", ", DriverName.All)),
        { Layout: DiskLayout.Whole } => new RequestError(
            RequestErrorCode.InvalidRequest, "layout 'whole': expected auto or ec2"),
        { Layout: DiskLayout.Ec2, Driver: not (null or DriverName.Copy) } => new RequestError(
            RequestErrorCode.Unprocessable,
            $"layout ec2 and driver {Driver}: only the driver {DriverName.Copy} makes that "
                + "layout; name it, or leave the driver or the layout out"),
        _ => GuestProblem() ?? WhereProblem(),
    };

    /// <summary>The choice in words that follow others: empty, or for example
    /// <c>, driver copy</c>.</summary>
    internal string Suffix() =>
        (Driver is null ? "" : $", driver {Driver}")
            + (Layout == DiskLayout.Auto ? "" : $", layout {Layout.ToString().ToLowerInvariant()}")
            + GuestSuffix()
            + WhereSuffix();
}

/// <summary>What to launch; the same for every instance of one request.</summary>
/// <param name="Image">The image's name.</param>
/// <param name="Flavor">The flavor's name.</param>
public sealed partial record LaunchOrder(ImageName Image, FlavorName Flavor)
{
    /// <summary>What was chosen beside them.</summary>
    public LaunchOptions Options { get; init; } = LaunchOptions.None;

    /// <inheritdoc/>
    public override string ToString() => $"image {Image} and flavor {Flavor}{Options.Suffix()}";
}

using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// What a launch is to become: the image and the flavor as they were when it was accepted, so that
/// later changes of the catalogue do not reach it.
/// </summary>
/// <param name="Image">What the root disk is a clone of.</param>
/// <param name="Flavor">The sizes.</param>
public sealed partial record LaunchSpec(Image Image, Flavor Flavor)
{
    /// <summary>The volume driver that makes its disks; null: the host's default.</summary>
    public string? Driver { get; init; }

    /// <summary>How the root disk is laid out, where the driver is
    /// <see cref="DriverName.Copy"/>.</summary>
    public DiskLayout Layout { get; init; } = DiskLayout.Auto;

    /// <summary>Whose bytes its disks hold, where it is another system's instance; null: it is a
    /// new one.</summary>
    public Adoption? Adoption { get; init; }

    /// <summary>The kernel that it boots with; null: the root disk brings its own.</summary>
    public Image? Kernel { get; init; }

    /// <summary>The ramdisk of its kernel.</summary>
    public Image? Ramdisk { get; init; }

    /// <summary>What its guest is told at its first boot; null: nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GuestSetup? Guest { get; init; }

    /// <summary>The hypervisor of its host, by its driver's name; null: any, or none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Hypervisor { get; init; }

    /// <summary>What the client asked for, to be held against a request that comes again.</summary>
    public LaunchOrder Order() => new(Image.Name, Flavor.Name)
    {
        Options = new LaunchOptions
        {
            Driver = Driver,
            Guest = Guest,
            Hypervisor = Hypervisor,
            Layout = Layout,
            On = On,
            Group = Group,
            IsGroupSoft = IsGroupSoft,
            Project = Project,
            Priority = Priority,
        },
    };
}

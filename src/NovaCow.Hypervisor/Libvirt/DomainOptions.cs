namespace NovaCow.Hypervisor.Libvirt;

/// <summary>What is the same for all machines of a host.</summary>
public sealed record DomainOptions
{
    /// <summary>The accelerator of machines that run at the processor's speed.</summary>
    public const string Kvm = "kvm";

    /// <summary>The accelerator of machines that are emulated.</summary>
    public const string Qemu = "qemu";

    /// <summary>The host whose machines they are.</summary>
    public required string Host { get; init; }

    /// <summary><c>kvm</c> or <c>qemu</c>; libvirt's type of domain.</summary>
    public required string Accelerator { get; init; }

    /// <summary>The machine type.</summary>
    public string MachineType { get; init; } = "q35";

    /// <summary>The bridge that network cards are on; null: machines have none.</summary>
    public string? Bridge { get; init; }

    /// <summary>How qemu caches disks: <c>none</c>, <c>writeback</c> or <c>directsync</c>.
    /// </summary>
    public string Cache { get; init; } = "none";

    /// <summary>The emulator; null: the one that libvirt finds.</summary>
    public string? Emulator { get; init; }

    /// <summary>Whom guests are run as, who has the disks already; null: as libvirt's own
    /// configuration says.</summary>
    public (uint Uid, uint Gid)? DiskOwner { get; init; }

    /// <summary>Whether devices are plugged into ports, and there must be as many as devices may
    /// come.</summary>
    internal bool HasPorts =>
        MachineType == "q35" || MachineType.StartsWith("pc-q35", StringComparison.Ordinal);

    /// <summary>What is wrong with them and what would be right, so that it is said when a host
    /// starts and not at its first machine; null: nothing is.</summary>
    public string? Problem() => MachineChecks.Problem(this);

    /// <summary>Those of a host with these settings.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="accelerator">What was found to run guests there.</param>
    public static DomainOptions For(LibvirtSettings settings, string accelerator)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new DomainOptions
        {
            Host = settings.Host,
            Accelerator = accelerator,
            MachineType = settings.MachineType,
            Bridge = settings.Bridge,
            Cache = settings.Cache,
            DiskOwner = settings.DiskOwner,
        };
    }
}

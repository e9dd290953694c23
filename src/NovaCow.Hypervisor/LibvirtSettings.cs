namespace NovaCow.Hypervisor;

/// <summary>How a host's machines are made with libvirt.</summary>
public sealed record LibvirtSettings
{
    /// <summary>The connection, for example <c>qemu:///system</c>.</summary>
    public string Uri { get; init; } = "qemu:///system";

    /// <summary>The host whose machines these are; others' are strangers.</summary>
    public required string Host { get; init; }

    /// <summary>A folder of this host's own, for what must be remembered of the machine that it
    /// runs on.</summary>
    public required string StateFolder { get; init; }

    /// <summary><c>kvm</c>, <c>qemu</c>, or <c>auto</c>: kvm if a guest was seen to run on it.
    /// </summary>
    public string Accelerator { get; init; } = "auto";

    /// <summary>The machine type of guests.</summary>
    public string MachineType { get; init; } = "q35";

    /// <summary>The bridge that guests' network cards are on; null: they have none.</summary>
    public string? Bridge { get; init; }

    /// <summary>The user and group that disks belong to, as whom guests are run. Null: whom
    /// libvirt runs emulators as. libvirt itself changes no owner.</summary>
    public (uint Uid, uint Gid)? DiskOwner { get; init; }

    /// <summary>How qemu caches disks: <c>none</c>, <c>writeback</c> or <c>directsync</c>.
    /// </summary>
    public string Cache { get; init; } = "none";
}

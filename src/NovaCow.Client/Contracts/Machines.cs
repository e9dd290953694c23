namespace NovaCow.Client;

/// <summary>How an instance's machine is.</summary>
/// <param name="State">running, paused, stopping (the guest has ended, its emulator not
/// yet), stopped or crashed.</param>
/// <param name="Cause">started, guest (it powered itself off), ended (from outside), broke,
/// inputoutput (a disk of it failed, or is full) or unknown.</param>
/// <param name="Since">Since when, by its host's clock.</param>
public sealed record PowerResource(string State, string Cause, DateTimeOffset Since);

/// <summary>What runs a host's machines.</summary>
/// <param name="Name">libvirt, or none: somebody else starts them.</param>
/// <param name="Accelerator">kvm, or qemu, which emulates and is slow; null: it runs none.</param>
/// <param name="Version">Its own version, for people.</param>
/// <param name="Warning">Why it is not as good as it could be; null: nothing is wrong.</param>
public sealed record HypervisorResource(
    string Name, string? Accelerator, string? Version, string? Warning);

public sealed partial record InstanceResource
{
    /// <summary>How its machine is; null: its host runs none, or has not said.</summary>
    public PowerResource? Power { get; init; }
}

public sealed partial record HostResource
{
    /// <summary>What runs its machines; null: it has not said.</summary>
    public HypervisorResource? Hypervisor { get; init; }
}

/// <summary>What the guest is told at its first boot, and what runs it.</summary>
public sealed partial record LaunchRequest
{
    /// <summary>What the guest is told; null: nothing, and it gets no seed. It is never shown
    /// again.</summary>
    public GuestRequest? Guest { get; init; }

    /// <summary>What runs its machine: libvirt, or none, for disks only; null: whatever its host
    /// has.</summary>
    public string? Hypervisor { get; init; }
}

/// <summary>What a guest is told at its first boot, through a small disk that cloud-init reads.
/// </summary>
public sealed record GuestRequest
{
    /// <summary>Its name; null: the instance's id.</summary>
    public string? HostName { get; init; }

    /// <summary>What cloud-init is to do, as it is given to it: up to 64 KiB. May be secret.
    /// </summary>
    public string? UserData { get; init; }

    /// <summary>Public keys, a line each, that may log in: up to 32.</summary>
    public IReadOnlyList<string> SshKeys { get; init; } = [];

    /// <summary>nocloud (a disk labelled cidata) or configdrive (config-2); null is nocloud.
    /// </summary>
    public string? Seed { get; init; }

    /// <summary>Never the user data itself.</summary>
    public override string ToString() => nameof(GuestRequest);
}

/// <summary>Asks for a machine to stop, or to stop and start.</summary>
public sealed record StopRequest
{
    /// <summary>How long the guest has to power off by itself, in seconds, up to 3600; 0: it is not
    /// asked; null: 60.</summary>
    public int? GraceSeconds { get; init; }
}

/// <summary>Asks for the root disk to be made anew.</summary>
public sealed record RebuildRequest
{
    /// <summary>The image's name.</summary>
    public required string Image { get; init; }
}

/// <summary>Asks for an image of the root disk.</summary>
public sealed record CaptureImageRequest
{
    /// <summary>The name to register it by.</summary>
    public required string Name { get; init; }
}

/// <summary>Asks for a further disk: one that was detached, by its name, or a new one, by its
/// size.</summary>
public sealed record AttachDiskRequest
{
    /// <summary>A disk of the instance that was detached, for example data0.</summary>
    public string? Disk { get; init; }

    /// <summary>A new disk's size, in bytes.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>What a new disk is formatted with: raw (nothing), ext4, xfs, vfat or ntfs, or
    /// default: by the image's OS type; null is raw.</summary>
    public string? FileSystem { get; init; }

    /// <summary>The label of a new disk's file system; null is the disk's name.</summary>
    public string? Label { get; init; }
}

/// <summary>A part of what a guest wrote on its serial console. The bytes are the guest's: nothing
/// in them is to be trusted.</summary>
/// <param name="Offset">Where it begins, in bytes from the console's beginning: at or after what
/// was asked for, as what is old is not kept.</param>
/// <param name="Bytes">What was written there; empty at the console's end.</param>
/// <param name="EndOffset">Where the console ends now.</param>
public sealed record ConsoleText(long Offset, ReadOnlyMemory<byte> Bytes, long EndOffset);

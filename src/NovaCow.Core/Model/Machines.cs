using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>What a hypervisor is and can do.</summary>
/// <param name="Name">Its driver: <c>libvirt</c> or <c>none</c>.</param>
/// <param name="Accelerator">What runs guests: <c>kvm</c>, or <c>qemu</c>, which emulates and is
/// slow; null: it runs none.</param>
/// <param name="Version">Its own version, for people.</param>
public sealed record HypervisorCapabilities(string Name, string? Accelerator, string? Version)
{
    /// <summary>No hypervisor: disks are the result, and somebody else starts the machines.
    /// </summary>
    public static HypervisorCapabilities None { get; } = new("none", null, null);

    /// <summary>Why it is not as good as it could be, for people; null: nothing is wrong.</summary>
    public string? Warning { get; init; }

    /// <summary>Whether it runs machines.</summary>
    [JsonIgnore]
    public bool RunsMachines => Accelerator is not null;
}

/// <summary>How an instance's machine is.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<PowerState>))]
public enum PowerState
{
    /// <summary>The guest runs.</summary>
    Running,

    /// <summary>The guest stands still, and goes on when it is told to.</summary>
    Paused,

    /// <summary>The guest has ended, and the emulator still has the disks open.</summary>
    Stopping,

    /// <summary>The machine is off.</summary>
    Stopped,

    /// <summary>The machine is off because it, or its emulator, broke.</summary>
    Crashed,
}

/// <summary>Why a machine is as it is.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<PowerCause>))]
public enum PowerCause
{
    /// <summary>Nobody knows any more, for example after the host restarted.</summary>
    Unknown,

    /// <summary>It was started.</summary>
    Started,

    /// <summary>The guest powered itself off.</summary>
    Guest,

    /// <summary>It was ended from outside: by this host, or by somebody else with a tool of the
    /// hypervisor's.</summary>
    Ended,

    /// <summary>It broke.</summary>
    Broke,

    /// <summary>A disk of it had an error, or no room.</summary>
    InputOutput,
}

/// <summary>How a machine is, and why.</summary>
/// <param name="State">How it is.</param>
/// <param name="Cause">Why.</param>
public sealed record MachineStatus(PowerState State, PowerCause Cause)
{
    /// <summary>Whether it has its disks open.</summary>
    [JsonIgnore]
    public bool IsOn => State is not (PowerState.Stopped or PowerState.Crashed);
}

/// <summary>A machine changed.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Status">How it is now.</param>
public sealed record MachineEvent(InstanceId Id, MachineStatus Status);

/// <summary>Every machine that a hypervisor knows.</summary>
/// <param name="Machines">This host's, by instance.</param>
/// <param name="Strangers">The names of those that are not this host's.</param>
public sealed record MachineInventory(
    IReadOnlyDictionary<InstanceId, MachineStatus> Machines, IReadOnlyList<string> Strangers)
{
    /// <summary>There are none.</summary>
    public static MachineInventory Empty { get; } =
        new(new Dictionary<InstanceId, MachineStatus>(), []);
}

/// <summary>What a hypervisor is to run for an instance.</summary>
public sealed record MachineSpec
{
    /// <summary>The instance.</summary>
    public required InstanceId Id { get; init; }

    /// <summary>The cluster that launched it.</summary>
    public string? Cluster { get; init; }

    /// <summary>Virtual processors.</summary>
    public required int VCpus { get; init; }

    /// <summary>Memory, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Its disks in device order; the first is the root disk.</summary>
    public required IReadOnlyList<MachineDisk> Disks { get; init; }

    /// <summary>What it boots with; null: its root disk.</summary>
    public MachineKernel? Kernel { get; init; }

    /// <summary>The seed that <see cref="IGuestSeeds"/> wrote; null: it has none.</summary>
    public string? SeedPath { get; init; }

    /// <summary>The file that its serial console is appended to.</summary>
    public required string ConsolePath { get; init; }
}

/// <summary>One disk of a machine.</summary>
/// <param name="Name">Its name within the instance, which is its serial in the guest.</param>
/// <param name="Device">Its device in the guest, for example <c>/dev/vda</c>.</param>
/// <param name="Path">The file or block device.</param>
/// <param name="Format">The format to open it with: <c>raw</c> or <c>qcow2</c>.</param>
/// <param name="BackingPath">The raw file that it refers to; null: it refers to none.</param>
public sealed record MachineDisk(
    DiskName Name, string Device, string Path, string Format, string? BackingPath)
{
    /// <summary>Whether it is a block device.</summary>
    public bool IsBlockDevice { get; init; }
}

/// <summary>What a machine boots with beside its disks.</summary>
/// <param name="KernelPath">The kernel.</param>
/// <param name="RamdiskPath">Its ramdisk.</param>
/// <param name="Arguments">Its command line.</param>
public sealed record MachineKernel(string KernelPath, string? RamdiskPath, string? Arguments);

/// <summary>A machine in the words of those who would start it otherwise.</summary>
/// <param name="DomainXml">For libvirt.</param>
/// <param name="QemuArguments">The command and its arguments, one each.</param>
public sealed record MachineDescription(string DomainXml, IReadOnlyList<string> QemuArguments);

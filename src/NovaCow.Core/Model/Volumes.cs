using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>A whole, published, read-only base volume on a host.</summary>
public sealed record BaseVolume
{
    /// <summary>What names it.</summary>
    public required BaseKey Key { get; init; }

    /// <summary>What it was made of.</summary>
    public required BaseContent Content { get; init; }

    /// <summary>Its size as a disk, in bytes.</summary>
    public required long VirtualSizeBytes { get; init; }

    /// <summary>The bytes it takes on the host's disk.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>When it was published.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>An instance's disk that is made and durable.</summary>
public sealed record InstanceDisk
{
    /// <summary>Its name within the instance.</summary>
    public required DiskName Name { get; init; }

    /// <summary>The base that it is a clone of; null when it owns all of its bytes.</summary>
    public required BaseKey? BackingFile { get; init; }

    /// <summary>Its size as a disk, in bytes.</summary>
    public required long VirtualSizeBytes { get; init; }

    /// <summary>The bytes that it alone takes on the host's disk, at the time it was looked at: not
    /// those that it shares with its base.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>The file or device, on its host.</summary>
    public required string Path { get; init; }

    /// <summary>The format to open it with (qemu's name): never probed.</summary>
    public required string Format { get; init; }

    /// <summary>The driver that made it, and that removes it.</summary>
    public string Driver { get; init; } = DriverName.Qcow2;

    /// <summary>How it is laid out.</summary>
    public DiskLayout Layout { get; init; } = DiskLayout.Whole;

    /// <summary>Its device in the guest where it was attached later, for example <c>/dev/vdd</c>;
    /// null: its place among the instance's disks says it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Device { get; init; }

    /// <summary>Whether it is kept but not plugged in.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsDetached { get; init; }

    /// <summary>The disk, plugged in where another one was: drivers know nothing of that.</summary>
    public InstanceDisk PluggedAs(InstanceDisk before) =>
        this with { Device = before.Device, IsDetached = before.IsDetached };
}

/// <summary>What a driver found on the host's disk: only what is whole.</summary>
public sealed record VolumeInventory(
    IReadOnlyList<BaseVolume> Bases,
    IReadOnlyDictionary<InstanceId, IReadOnlyList<InstanceDisk>> Disks)
{
    /// <summary>Those of the bases that are damaged, and why: nothing may be cloned from them
    /// before they are made again.</summary>
    public IReadOnlyDictionary<BaseKey, string> Damaged { get; init; } =
        new Dictionary<BaseKey, string>();

    /// <summary>Those of the bases whose bytes nothing vouches for yet: verifying them once seals
    /// them.</summary>
    public IReadOnlySet<BaseKey> Unsealed { get; init; } = new HashSet<BaseKey>();
}

/// <summary>What a driver's volumes take on the host's disk at one moment.</summary>
public sealed record VolumeUsage(
    IReadOnlyList<BaseUsage> Bases, IReadOnlyList<DiskUsage> Disks);

/// <summary>What one base takes.</summary>
/// <param name="Key">The base.</param>
/// <param name="VirtualSizeBytes">Its size as a disk.</param>
/// <param name="AllocatedBytes">The bytes it takes.</param>
public sealed record BaseUsage(BaseKey Key, long VirtualSizeBytes, long AllocatedBytes);

/// <summary>What one instance disk takes.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Disk">The disk.</param>
/// <param name="BackingFile">The base that it is a clone of.</param>
/// <param name="VirtualSizeBytes">Its size as a disk.</param>
/// <param name="SharedBytes">Bytes that it has in common with its base or with other clones, where
/// they lie in the disk itself (reflink, thin volumes); 0 where it only refers to its base.</param>
/// <param name="UniqueBytes">Bytes that would be free if it were removed.</param>
public sealed record DiskUsage(
    InstanceId Instance,
    DiskName Disk,
    BaseKey? BackingFile,
    long VirtualSizeBytes,
    long SharedBytes,
    long UniqueBytes);

/// <summary>
/// The commit record of an instance on its host: without it the instance's disks are leftovers.
/// </summary>
public sealed record InstanceRecord
{
    /// <summary>The instance.</summary>
    public required InstanceId Id { get; init; }

    /// <summary>The cluster that launched it; null in records of before clusters had an identity.
    /// </summary>
    public string? Cluster { get; init; }

    /// <summary>The attempt that prepared it.</summary>
    public required LaunchFence Fence { get; init; }

    /// <summary>The image's name when it was launched.</summary>
    public required ImageName Image { get; init; }

    /// <summary>The flavor as it was when it was launched.</summary>
    public required Flavor Flavor { get; init; }

    /// <summary>Its disks in device order.</summary>
    public required IReadOnlyList<InstanceDisk> Disks { get; init; }

    /// <summary>The image's kernel command line, where it boots a kernel of its own.</summary>
    public string? KernelArguments { get; init; }

    /// <summary>What its guest is told at its first boot; null: nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GuestSetup? Guest { get; init; }

    /// <summary>Whether its machine is to run; null: it was never started, or its host runs no
    /// machines.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsOn { get; init; }

    /// <summary>In which boot of its host its machine, which is to run, was last known to; null: in
    /// none, or that is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RanInBoot { get; init; }

    /// <summary>Whether its machine is to start again at the end of the change that it was stopped
    /// for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool StartsAfterChange { get; init; }

    /// <summary>When it was prepared.</summary>
    public required DateTimeOffset PreparedAt { get; init; }

    /// <summary>How the newest change of its disks ended, so that it is not done again when it is
    /// asked for again; null: there was none.</summary>
    public ChangeOutcome? LastChange { get; init; }
}

/// <summary>How a change of an instance's disks ended on its host.</summary>
/// <param name="Number">Which of the instance's changes.</param>
/// <param name="Error">Why it did not succeed; null: it did.</param>
/// <param name="Bytes">What the disks took before and after, where that was measured.</param>
public sealed record ChangeOutcome(int Number, LaunchError? Error, ChangeBytes? Bytes)
{
    /// <summary>The image that was made of a disk; null: none was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Image? Captured { get; init; }
}

/// <summary>What an instance's disks take for themselves, shared bytes not counted.</summary>
/// <param name="Before">Before a change.</param>
/// <param name="After">After it.</param>
public sealed record ChangeBytes(long Before, long After);

namespace NovaCow.Client;

/// <summary>Asks for one instance or many, of one image and one flavor.</summary>
/// <remarks>
/// An instance's id is its idempotency key: the same request again gives the same instances; a
/// different one with the same id is a conflict.
/// </remarks>
public sealed partial record LaunchRequest
{
    /// <summary>The image's name.</summary>
    public required string Image { get; init; }

    /// <summary>The flavor's name.</summary>
    public required string Flavor { get; init; }

    /// <summary>The ids of the instances to launch, all different.</summary>
    public required IReadOnlyList<string> Ids { get; init; }

    /// <summary>The volume driver that makes the disks: qcow2, reflink, lvm-thin or copy (full
    /// copies); null: the default of the host that takes the launch.</summary>
    public string? Driver { get; init; }

    /// <summary>
    /// How a copied root disk is laid out. ec2: a master boot record, the image as the first
    /// partition and the first ephemeral disk as the second; it needs the driver copy, which is
    /// implied. auto or null: that for an image that is a bare file system, and the image as it is
    /// for one with its own partition table.
    /// </summary>
    public string? Layout { get; init; }
}

/// <summary>What became of a request for instances, in the order of its ids.</summary>
public sealed record LaunchResponse(IReadOnlyList<InstanceResource> Instances);

/// <summary>An instance, as the API shows it.</summary>
public sealed partial record InstanceResource
{
    /// <summary>Its id, chosen by who launched it.</summary>
    public required string Id { get; init; }

    /// <summary>The image's name.</summary>
    public required string Image { get; init; }

    /// <summary>The flavor's name.</summary>
    public required string Flavor { get; init; }

    /// <summary>
    /// accepted (waits for a host), placed, committed, active, failed, deleting or deleted.
    /// </summary>
    public required string State { get; init; }

    /// <summary>The host it is on, or is being prepared on.</summary>
    public string? Host { get; init; }

    /// <summary>Which placement attempt this is, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>Whether its host's bases were ready when it was placed; null before that.</summary>
    public bool? Warm { get; init; }

    /// <summary>Why it is where it is, or why it waits or failed.</summary>
    public string? Reason { get; init; }

    /// <summary>The stable code of the failure, when it failed.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The driver that the launch asked for; null: its host's default.</summary>
    public string? Driver { get; init; }

    /// <summary>The layout that the launch asked for: auto or ec2.</summary>
    public string? Layout { get; init; }

    /// <summary>Its disks in device order, once they are made.</summary>
    public required IReadOnlyList<DiskResource> Disks { get; init; }

    /// <summary>What it boots with, where its root disk does not bring it.</summary>
    public BootResource? Boot { get; init; }

    /// <summary>While it is placed: what its host is doing for it that takes long.</summary>
    public ProgressResource? Progress { get; init; }

    /// <summary>When it got where.</summary>
    public required InstanceTimings Timings { get; init; }

    /// <summary>The newest operation on it, under way or ended.</summary>
    public OperationResource? Operation { get; init; }
}

/// <summary>A disk of an instance.</summary>
public sealed record DiskResource
{
    /// <summary>root, ephemeral0…, swap, or data0… of those that were attached later.</summary>
    public required string Name { get; init; }

    /// <summary>Its device in the guest, for example <c>/dev/vda</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Its size, in bytes.</summary>
    public required long VirtualSizeBytes { get; init; }

    /// <summary>The bytes it took on the host's disk when it was made or changed.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>The base that it is a clone of; null: it owns its bytes.</summary>
    public string? BackingFile { get; init; }

    /// <summary>The file or device on its host.</summary>
    public required string Path { get; init; }

    /// <summary>The format to open it with; never probe.</summary>
    public required string Format { get; init; }

    /// <summary>The driver that made it.</summary>
    public string? Driver { get; init; }

    /// <summary>whole, or ec2: partitioned.</summary>
    public string? Layout { get; init; }

    /// <summary>What is in it, where it is partitioned; else null.</summary>
    public IReadOnlyList<PartitionResource>? Partitions { get; init; }

    /// <summary>Whether it is plugged in; one that is not can be attached again.</summary>
    public bool Attached { get; init; } = true;
}

/// <summary>When an instance reached each state; null where it has not.</summary>
public sealed record InstanceTimings
{
    /// <summary>The launch was journaled.</summary>
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>A host was chosen, last.</summary>
    public DateTimeOffset? PlacedAt { get; init; }

    /// <summary>Its disks were durable, and the launch was bound to its host.</summary>
    public DateTimeOffset? CommittedAt { get; init; }

    /// <summary>It was there.</summary>
    public DateTimeOffset? ActiveAt { get; init; }

    /// <summary>It failed for good.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>From accepted to active, in milliseconds.</summary>
    public double? LaunchMilliseconds { get; init; }

    /// <summary>The longest that a disk waited for its base, by the host's clock, in milliseconds.
    /// </summary>
    public double? BaseWaitMilliseconds { get; init; }

    /// <summary>From the host's order to its durable record, waiting included, by the host's clock,
    /// in milliseconds.</summary>
    public double? HostMilliseconds { get; init; }
}

/// <summary>A page of a list.</summary>
/// <param name="Items">What is on it.</param>
/// <param name="Next">What to ask for as <c>after</c> to get the next page; null on the last.
/// </param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

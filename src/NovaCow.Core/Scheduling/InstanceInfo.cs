namespace NovaCow.Core.Scheduling;

/// <summary>A launch and what became of it, as clients see it.</summary>
public sealed record InstanceInfo
{
    /// <summary>The instance.</summary>
    public required InstanceId Id { get; init; }

    /// <summary>The image it was launched from, or rebuilt from since.</summary>
    public required ImageName Image { get; init; }

    /// <summary>Its flavor.</summary>
    public required FlavorName Flavor { get; init; }

    /// <summary>How far it is.</summary>
    public required LaunchPhase Phase { get; init; }

    /// <summary>The host that has it, or tries to; null while it waits.</summary>
    public HostId? Host { get; init; }

    /// <summary>How many times it was given to a host.</summary>
    public required int Attempt { get; init; }

    /// <summary>Its disks in device order: planned, and made once they have a path.</summary>
    public required IReadOnlyList<DiskInfo> Disks { get; init; }

    /// <summary>What it boots with, where its root disk does not bring it.</summary>
    public BootInfo? Boot { get; init; }

    /// <summary>What was chosen beside image and flavor, without user data.</summary>
    public LaunchOptions Options { get; init; } = LaunchOptions.None;

    /// <summary>When it reached each phase.</summary>
    public required LaunchTimings Timings { get; init; }

    /// <summary>Why it failed, or why its last attempt did.</summary>
    public LaunchError? Error { get; init; }

    /// <summary>Why no host takes it, while it waits for one.</summary>
    public string? WaitingFor { get; init; }

    /// <summary>Its place among those that wait, from 1, while it does.</summary>
    public int? QueuePlace { get; init; }

    /// <summary>What its host is doing for it that takes long.</summary>
    public LaunchProgress? Progress { get; init; }

    /// <summary>Why it went where it went.</summary>
    public string? PlacedBecause { get; init; }

    /// <summary>The newest change of its disks, under way or ended.</summary>
    public LaunchChange? Change { get; init; }

    /// <summary>How far the change is, while it is under way and its host has said so.</summary>
    public ChangeProgress? ChangeProgress { get; init; }

    /// <summary>The newest move to another host, under way or ended.</summary>
    public LaunchMove? Move { get; init; }

    /// <summary>How its machine is; null: nobody says, or its host runs none.</summary>
    public PowerInfo? Power { get; init; }

    /// <summary>A launch, as it is.</summary>
    /// <param name="launch">The launch.</param>
    /// <param name="waitingFor">Why no host takes it.</param>
    public static InstanceInfo Of(Launch launch, string? waitingFor) => new()
    {
        Id = launch.Id,
        Image = launch.SpecNow().Image.Name,
        Flavor = launch.Spec.Flavor.Name,
        Phase = launch.Phase,
        Host = launch.Host,
        Attempt = launch.Attempt,
        Disks = InstanceDisks.Of(launch),
        Boot = InstanceDisks.BootOf(launch),
        Options = launch.Spec.Order().Sealed().Options,
        Timings = launch.Timings,
        Error = launch.Error,
        WaitingFor = waitingFor,
        PlacedBecause = launch.PlacedBecause,
        Change = launch.Change,
        Move = launch.Move,
    };

    /// <summary>A launch that has just ended.</summary>
    public static InstanceInfo Deleted(Launch last, DateTimeOffset at) =>
        Of(last, null) with
        {
            Phase = LaunchPhase.Deleted,
            Disks = [],
            Boot = null,
            Timings = last.Timings with { DeletedAt = at },
        };

    /// <summary>An instance that is gone.</summary>
    public static InstanceInfo Of(Tombstone gone) => new()
    {
        Id = gone.Id,
        Image = gone.Image,
        Flavor = gone.Flavor,
        Phase = LaunchPhase.Deleted,
        Host = gone.Host,
        Attempt = gone.Attempt,
        Disks = [],
        Options = gone.Options,
        Timings = new LaunchTimings
        {
            AcceptedAt = gone.AcceptedAt,
            DeletedAt = gone.DeletedAt,
        },
    };
}

/// <summary>One disk of an instance.</summary>
/// <param name="Name">Its name within the instance.</param>
/// <param name="Device">Its device in the guest.</param>
/// <param name="Base">The base that it is a clone of; null: it owns its bytes.</param>
/// <param name="VirtualSizeBytes">Its size, in bytes.</param>
/// <param name="Path">The file or device on its host, once it is made.</param>
/// <param name="Format">The format to open it with, once it is made.</param>
/// <param name="AllocatedBytes">The bytes it took when it was made or changed last.</param>
public sealed record DiskInfo(
    DiskName Name,
    string Device,
    BaseKey? Base,
    long VirtualSizeBytes,
    string? Path,
    string? Format,
    long? AllocatedBytes)
{
    /// <summary>The driver that made it, once it is made.</summary>
    public string? Driver { get; init; }

    /// <summary>How it is laid out, once it is made.</summary>
    public DiskLayout? Layout { get; init; }

    /// <summary>What is in it, where it is partitioned.</summary>
    public IReadOnlyList<PartitionInfo> Partitions { get; init; } = [];

    /// <summary>Whether it is kept but not plugged in.</summary>
    public bool IsDetached { get; init; }
}

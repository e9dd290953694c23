namespace NovaCow.Core.Scheduling;

/// <summary>A launch and what became of it, as clients see it.</summary>
public sealed record InstanceInfo
{
    /// <summary>The instance.</summary>
    public required InstanceId Id { get; init; }

    /// <summary>The image it was launched from.</summary>
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

    /// <summary>When it reached each phase.</summary>
    public required LaunchTimings Timings { get; init; }

    /// <summary>Why it failed, or why its last attempt did.</summary>
    public LaunchError? Error { get; init; }

    /// <summary>Why no host takes it, while it waits for one.</summary>
    public string? WaitingFor { get; init; }

    /// <summary>Why it went where it went.</summary>
    public string? PlacedBecause { get; init; }
}

/// <summary>One disk of an instance.</summary>
/// <param name="Name">Its name within the instance.</param>
/// <param name="Device">Its device in the guest.</param>
/// <param name="Base">The base that it is a clone of.</param>
/// <param name="VirtualSizeBytes">Its size, in bytes.</param>
/// <param name="Path">The file or device on its host, once it is made.</param>
/// <param name="Format">The format to open it with, once it is made.</param>
/// <param name="AllocatedBytes">The bytes it took when it was made.</param>
public sealed record DiskInfo(
    DiskName Name,
    string Device,
    BaseKey Base,
    long VirtualSizeBytes,
    string? Path,
    string? Format,
    long? AllocatedBytes);

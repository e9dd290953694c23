namespace NovaCow.Core.Hosting;

/// <summary>How a host's store is used, in detail: all of it looked at just now.</summary>
public sealed record HostSpace
{
    /// <summary>The most instances in one answer.</summary>
    public const int MaxInstances = 2_000;

    /// <summary>The host.</summary>
    public required HostId Host { get; init; }

    /// <summary>The whole.</summary>
    public required HostUsage Usage { get; init; }

    /// <summary>The bases, by key.</summary>
    public required IReadOnlyList<BaseSpaceReport> Bases { get; init; }

    /// <summary>The instances with the most bytes of their own, the first
    /// <see cref="MaxInstances"/>.</summary>
    public required IReadOnlyList<InstanceSpaceReport> Instances { get; init; }

    /// <summary>How many instances there are in all.</summary>
    public required int InstanceCount { get; init; }
}

/// <summary>What a base takes.</summary>
/// <param name="Key">The base.</param>
/// <param name="Title">What it holds.</param>
/// <param name="VirtualSizeBytes">Its size as a disk.</param>
/// <param name="AllocatedBytes">The bytes it takes.</param>
/// <param name="Clones">How many disks share those bytes; without any, they are its own.</param>
public sealed record BaseSpaceReport(
    BaseKey Key, string Title, long VirtualSizeBytes, long AllocatedBytes, int Clones);

/// <summary>What an instance's disks take.</summary>
/// <param name="Id">The instance.</param>
/// <param name="VirtualSizeBytes">Their sizes as disks: the most they can take.</param>
/// <param name="SharedBytes">Bytes in them that they have in common with bases or other disks.
/// </param>
/// <param name="UniqueBytes">Bytes that would be free if the instance were deleted.</param>
public sealed record InstanceSpaceReport(
    InstanceId Id, long VirtualSizeBytes, long SharedBytes, long UniqueBytes);

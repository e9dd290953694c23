namespace NovaCow.Storage;

/// <summary>What the changes of a driver's disks may take from the guests beside them.</summary>
public sealed record ChangeLimits
{
    /// <summary>Bytes of disks looked at a second, by all changes together; null: as fast as the
    /// disks are. Holes are not counted.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Changes that read whole disks at the same time; further ones wait.</summary>
    public int AtOnce { get; init; } = 2;
}

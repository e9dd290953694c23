namespace NovaCow.Storage;

/// <summary>What a tool that reads a tenant's bytes may use.</summary>
public sealed record SandboxOptions
{
    /// <summary>The user that tools run as where this process is root: nobody.</summary>
    public uint Uid { get; init; } = 65534;

    /// <summary>The group that tools run as where this process is root: nogroup.</summary>
    public uint Gid { get; init; } = 65534;

    /// <summary>The most memory a tool may map, in bytes.</summary>
    public long AddressSpaceBytes { get; init; } = 4L << 30;

    /// <summary>Processor time for any call, before what its size adds.</summary>
    public TimeSpan CpuTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time for any call, before what its size adds.</summary>
    public TimeSpan WallClock { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The slowest conversion that is still waited for, in bytes of disk a second.
    /// </summary>
    public long SlowestBytesPerSecond { get; init; } = 8 << 20;
}

/// <summary>The bounds of one call.</summary>
internal readonly record struct SandboxLimits(TimeSpan CpuTime, TimeSpan WallClock, long FileBytes)
{
    /// <summary>The bounds for a call that works through a disk of this size.</summary>
    public static SandboxLimits For(SandboxOptions options, long diskBytes)
    {
        var extra = TimeSpan.FromSeconds(diskBytes / options.SlowestBytesPerSecond);
        return new(options.CpuTime + extra, options.WallClock + extra, diskBytes + (1 << 20));
    }
}

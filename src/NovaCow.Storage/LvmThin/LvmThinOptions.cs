using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Which thin pool a host's volumes live in, and how full it may become.</summary>
public sealed record LvmThinOptions
{
    /// <summary>The most characters that a volume group's name may have, a '-' counting twice: the
    /// device mapper joins the names of group and volume, and has room for 127.</summary>
    public const int MaxGroupNameLength = 127 - 1 - LvmNames.MaxLength;

    /// <summary>The volume group. It belongs to an operator: only volumes that carry this store's
    /// tag are ever changed.</summary>
    public required string VolumeGroup { get; init; }

    /// <summary>The thin pool in it, made by an operator.</summary>
    public required string ThinPool { get; init; }

    /// <summary>New volumes are refused from here on: percent of the pool's data, 1 to 100.
    /// </summary>
    public double DataHighWaterPercent { get; init; } = 90;

    /// <summary>New volumes are refused from here on: percent of the pool's metadata, 1 to 100.
    /// </summary>
    public double MetadataHighWaterPercent { get; init; } = 90;

    /// <summary>The lvm program's absolute path; null looks for it where programs are.</summary>
    public string? LvmPath { get; init; }

    /// <summary>When a command of lvm's is given up; they wait for each other's locks.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Where the system shows devices.</summary>
    internal string DeviceFolder { get; init; } = "/dev";

    /// <summary>Where dmsetup and thin_ls are; null looks for them where programs are.</summary>
    internal string? ToolFolder { get; init; }

    /// <summary>The pool as lvm and people call it.</summary>
    internal string PoolName => $"{VolumeGroup}/{ThinPool}";

    /// <exception cref="PortException">A setting cannot be.</exception>
    internal void Check()
    {
        CheckName("volume group", VolumeGroup);
        CheckName("thin pool", ThinPool);
        if (LvmNames.EscapedLength(VolumeGroup) > MaxGroupNameLength)
        {
            throw Wrong(
                $"the name of volume group {VolumeGroup} is too long",
                $"use one of at most {MaxGroupNameLength} characters, a '-' counting twice");
        }

        if (DataHighWaterPercent is not (>= 1 and <= 100)
            || MetadataHighWaterPercent is not (>= 1 and <= 100))
        {
            throw Wrong("a high-water mark is outside 1 to 100 percent", "correct the setting");
        }
    }

    private static void CheckName(string setting, string name)
    {
        if (!LvmNames.IsName(name))
        {
            throw Wrong(
                $"{setting} '{LvmNames.Printable(name)}' is no name of lvm's",
                "give one of a-z, A-Z, 0-9, '+', '_', '.' and '-', not starting with '-'");
        }
    }

    private static PortException Wrong(string cause, string remedy) =>
        PortException.Final(LaunchErrorCode.VolumeDriver, $"lvm-thin: {cause}; {remedy}");
}

namespace NovaCow.Core;

/// <summary>The volume drivers' names, as they stand in configuration, launches and records.
/// </summary>
public static class DriverName
{
    /// <summary>qcow2 overlays over raw files.</summary>
    public const string Qcow2 = "qcow2";

    /// <summary>Raw files that share blocks with their base.</summary>
    public const string Reflink = "reflink";

    /// <summary>Thin logical volumes.</summary>
    public const string LvmThin = "lvm-thin";

    /// <summary>Full copies: nothing is shared.</summary>
    public const string Copy = "copy";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Qcow2, Reflink, LvmThin, Copy];
}

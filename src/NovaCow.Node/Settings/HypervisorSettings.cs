using NovaCow.Runtime.Configuration;

namespace NovaCow.Node.Settings;

/// <summary>What a host runs its instances' machines with.</summary>
public sealed record HypervisorSettings
{
    /// <summary>Whether machines are run, with libvirt; else disks are the result.</summary>
    public required bool IsLibvirt { get; init; }

    /// <summary>libvirt's connection.</summary>
    public required string Uri { get; init; }

    /// <summary>Where it is kept what was found out about this machine.</summary>
    public required string StatePath { get; init; }

    /// <summary><c>auto</c>, <c>kvm</c> or <c>qemu</c>.</summary>
    public required string Accelerator { get; init; }

    /// <summary>The machine type of guests.</summary>
    public required string MachineType { get; init; }

    /// <summary>How disks are cached: <c>none</c>, <c>writeback</c> or <c>directsync</c>.</summary>
    public required string Cache { get; init; }

    /// <summary>The bridge that guests' network cards are on; null: they have none.</summary>
    public required string? Bridge { get; init; }

    /// <summary>Whether what ran when the host went down runs again.</summary>
    public required bool Resume { get; init; }

    /// <summary>How many of the newest bytes of each console are kept.</summary>
    public required long ConsoleBytes { get; init; }

    /// <summary>How long a guest has to let go of a disk.</summary>
    public required TimeSpan UnplugPatience { get; init; }

    internal static HypervisorSettings Read(Config c) => new()
    {
        IsLibvirt = OneOf(c, "driver", "none", "libvirt") == "libvirt",
        Uri = c.GetString("uri"),
        StatePath = SettingsReader.FilePath(c, "state"),
        Accelerator = OneOf(c, "accelerator", "auto", "kvm", "qemu"),
        MachineType = c.GetString("machine"),
        Cache = OneOf(c, "cache", "none", "writeback", "directsync"),
        Bridge = c.HasPath("bridge") ? c.GetString("bridge") : null,
        Resume = c.GetBoolean("resume"),
        ConsoleBytes = ConsoleBytesOf(c),
        UnplugPatience = SettingsReader.Positive(c, "unplug-patience"),
    };

    private static long ConsoleBytesOf(Config c)
    {
        const string key = "console";
        var bytes = c.GetByteSize(key);
        return bytes >= 16 << 10
            ? bytes
            : throw SettingsReader.Wrong(c, key, $"{bytes}: expected 16KiB or more");
    }

    private static string OneOf(Config c, string key, params string[] names)
    {
        var name = c.GetString(key);
        return names.Contains(name)
            ? name
            : throw SettingsReader.Wrong(
                c, key, $"'{name}': expected one of {string.Join(", ", names)}");
    }
}

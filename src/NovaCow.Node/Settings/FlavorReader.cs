using NovaCow.Core;
using NovaCow.Runtime.Configuration;
using static NovaCow.Node.Settings.SettingsReader;

namespace NovaCow.Node.Settings;

/// <summary>Reads flavors, and what they leave to an image's operating system.</summary>
internal static class FlavorReader
{
    private const int SectorBytes = 512;
    private const long MiB = 1L << 20;
    private const string ByOsType = "default";

    public static IReadOnlyList<Flavor> ReadFlavors(Config c)
    {
        List<Flavor> flavors = [];
        foreach (var name in c.Root.Fields.Keys)
        {
            var path = $"\"{name}\"";
            if (!FlavorName.TryParse(name, out var id, out var problem))
                throw Wrong(c, path, problem);
            var f = c.GetConfig(path);
            f.RefuseUnknownKeys(["vcpus", "memory", "root", "swap", "ephemeral"]);
            flavors.Add(new Flavor
            {
                Name = id,
                VCpus = AtLeast(f, "vcpus", 1),
                MemoryBytes = f.GetByteSize("memory"),
                RootDiskBytes = f.GetByteSize("root"),
                SwapBytes = f.GetByteSize("swap", 0) is 0 ? 0 : Size(f, "swap", MiB),
                EphemeralDisks = f.HasPath("ephemeral") ? ReadEphemeral(f) : [],
            });
        }

        return flavors;
    }

    public static EphemeralFileSystems ReadFileSystems(Config c)
    {
        Dictionary<OsType, BlankFileSystem> byOsType = [];
        foreach (var name in c.Root.Fields.Keys.Where(n => n != ByOsType))
        {
            var path = $"\"{name}\"";
            if (!OsType.TryParse(name, out var os, out var problem))
                throw Wrong(c, path, problem);
            byOsType[os] = FileSystem(c, path);
        }

        return new EphemeralFileSystems(FileSystem(c, ByOsType), byOsType);
    }

    private static IReadOnlyList<BlankSpec> ReadEphemeral(Config flavor)
    {
        var disks = flavor.GetConfigList("ephemeral");
        return disks.Count <= DiskName.MaxEphemeral
            ? [.. disks.Select(ReadDisk)]
            : throw Wrong(
                flavor, "ephemeral",
                $"{disks.Count} disks: expected {DiskName.MaxEphemeral} at most");
    }

    private static BlankSpec ReadDisk(Config c)
    {
        c.RefuseUnknownKeys(["size", "fs"]);
        var isOpen = c.GetString("fs", ByOsType) == ByOsType;
        var fs = isOpen ? BlankFileSystem.Ext4 : FileSystem(c, "fs");
        return new BlankSpec(Size(c, "size", LeastBytes(fs)), fs) { IsByOsType = isOpen };
    }

    private static BlankFileSystem FileSystem(Config c, string key)
    {
        var text = c.GetString(key);
        return LowerCaseEnumConverter<BlankFileSystem>.TryParse(text, out var fs)
                && fs != BlankFileSystem.Swap
            ? fs
            : throw Wrong(c, key, $"'{text}': expected raw, ext4, xfs, vfat or ntfs"
                + (key == "fs" ? $", or {ByOsType}: by the image's OS type" : ""));
    }

    private static long Size(Config c, string key, long least)
    {
        var bytes = c.GetByteSize(key);
        return bytes >= least && bytes % SectorBytes == 0
            ? bytes
            : throw Wrong(
                c, key,
                $"{bytes} bytes: expected {least / MiB} MiB or more, in multiples of "
                    + $"{SectorBytes} bytes");
    }

    // Below it the formatting tool refuses (xfs), or leaves nothing to write in.
    private static long LeastBytes(BlankFileSystem fs) =>
        fs == BlankFileSystem.Xfs ? 300 * MiB : MiB;
}

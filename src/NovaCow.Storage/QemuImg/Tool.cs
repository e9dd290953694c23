using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>A program of the system that the store runs: found once, run by its absolute path.
/// </summary>
/// <param name="Name">Its file name.</param>
/// <param name="Package">The Debian package that it comes in.</param>
internal sealed record Tool(string Name, string Package)
{
    private static readonly string[] Folders =
        ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];

    private string? _path;

    public static Tool QemuImg { get; } = new("qemu-img", "qemu-utils");

    public static Tool MakeExt4 { get; } = new("mkfs.ext4", "e2fsprogs");

    public static Tool MakeXfs { get; } = new("mkfs.xfs", "xfsprogs");

    public static Tool MakeVfat { get; } = new("mkfs.vfat", "dosfstools");

    public static Tool MakeSwap { get; } = new("mkswap", "util-linux");

    public static Tool MakeNtfs { get; } = new("mkfs.ntfs", "ntfs-3g");

    public static Tool SetSid { get; } = new("setsid", "util-linux");

    public static Tool PrLimit { get; } = new("prlimit", "util-linux");

    public static Tool SetPriv { get; } = new("setpriv", "util-linux");

    public static Tool Unshare { get; } = new("unshare", "util-linux");

    public static Tool True { get; } = new("true", "coreutils");

    /// <summary>Its absolute path.</summary>
    /// <exception cref="PortException">It is not installed.</exception>
    public string Locate() => Find() ?? throw PortException.Final(
        LaunchErrorCode.VolumeDriver,
        $"{Name} is not installed on this host; install the Debian package {Package}");

    private string? Find() =>
        _path ??= Folders.Select(f => Path.Combine(f, Name)).FirstOrDefault(File.Exists);
}

using System.Security.Cryptography;

namespace NovaCow.Testing.Guests;

/// <summary>
/// The demo image's files, made by <c>scripts/demo-image/make.sh</c> where this checkout has none
/// that its present scripts made; kept in <c>artifacts/</c> and shared by all tests, which only
/// read them.
/// </summary>
/// <param name="Disk">The qcow2 disk with a partition table and GRUB.</param>
/// <param name="Kernel">Its kernel.</param>
/// <param name="Ramdisk">Its kernel's ramdisk.</param>
/// <param name="FileSystem">Its root as a bare ext4 file system, raw.</param>
public sealed record GuestImage(string Disk, string Kernel, string Ramdisk, string FileSystem)
{
    /// <summary>The disk's size in bytes.</summary>
    public const long DiskBytes = 128L << 20;

    /// <summary>The bare file system's size in bytes.</summary>
    public const long FileSystemBytes = 127L << 20;

    /// <summary>What boots it with its kernel and ramdisk, as <c>make.sh</c> has GRUB do it.
    /// </summary>
    public const string KernelArguments = "console=ttyS0 panic=-1 quiet no_timer_check";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);
    private static readonly Lazy<Task<GuestImage>> s_image = new(EnsureAsync);

    /// <summary>Why guests cannot be run on this machine; null when they can.</summary>
    public static string? WhyNot { get; } =
        SystemTool.Missing("qemu-system-x86_64", "qemu-img") is { } tool
            ? $"{tool} is not installed"
            : null;

    /// <summary>The image; made first where it is not there.</summary>
    /// <exception cref="InvalidOperationException">It cannot be made.</exception>
    public static Task<GuestImage> GetAsync() => s_image.Value;

    private static async Task<GuestImage> EnsureAsync()
    {
        var scripts = Checkout.File("scripts", "demo-image");
        var folder = Checkout.File("artifacts", "guest-image");
        Directory.CreateDirectory(folder);
        var image = new GuestImage(
            Path.Combine(folder, "demo.qcow2"),
            Path.Combine(folder, "vmlinuz"),
            Path.Combine(folder, "initrd.gz"),
            Path.Combine(folder, "root.raw"));
        var mark = Path.Combine(folder, "made-of");
        var digest = DigestOf(scripts);
        using var held = await LockAsync(Path.Combine(folder, "lock"));
        if (File.Exists(mark) && await File.ReadAllTextAsync(mark) == digest)
            return image;
        File.Delete(mark);
        await SystemTool.RunAsync(
            Path.Combine(scripts, "make.sh"), image.Disk, "--kernel", image.Kernel,
            "--ramdisk", image.Ramdisk, "--filesystem", image.FileSystem);
        await File.WriteAllTextAsync(mark, digest);
        return image;
    }

    /// <summary>Another test program may be making it.</summary>
    private static async Task<FileStream> LockAsync(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(
                    path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(s_pause);
            }
        }
    }

    private static string DigestOf(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories);
        foreach (var file in files.Order(StringComparer.Ordinal))
            hash.AppendData(File.ReadAllBytes(file));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

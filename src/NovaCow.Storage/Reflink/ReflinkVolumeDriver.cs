using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The driver for file systems that can share blocks between files (XFS, btrfs): raw bases, and
/// raw clones of them with no format layer.
/// </summary>
/// <param name="store">Where the volumes are; outlives the driver.</param>
/// <param name="inspector">Judges images before a tool opens them.</param>
/// <param name="sandbox">What those tools may use.</param>
public sealed class ReflinkVolumeDriver(
    HostStore store, IImageInspector inspector, SandboxOptions? sandbox = null)
    : FileVolumeDriver(store, inspector, sandbox, new ReflinkDiskKind())
{
    /// <summary>The driver on a store whose file system was tried and can share blocks.</summary>
    /// <inheritdoc cref="ReflinkVolumeDriver" path="/param"/>
    /// <exception cref="PortException">It cannot; the message says why and what to do.</exception>
    public static ReflinkVolumeDriver Open(
        HostStore store, IImageInspector inspector, SandboxOptions? sandbox = null) =>
        Probe(store) is { } whyNot
            ? throw PortException.Final(LaunchErrorCode.VolumeDriver, whyNot)
            : new ReflinkVolumeDriver(store, inspector, sandbox);

    /// <summary>Tries in the store's own folders whether its file system can share blocks, and
    /// leaves nothing there. Blocks for some milliseconds.</summary>
    /// <returns>Why it cannot, and what to do; null when it can.</returns>
    public static string? Probe(HostStore store) => ReflinkProbe.WhyNot(store);
}

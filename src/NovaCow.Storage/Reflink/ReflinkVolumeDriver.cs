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
}

using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The driver for plain files on any file system: raw bases, and clones that are qcow2 overlays
/// over them, written in-process.
/// </summary>
/// <param name="store">Where the volumes are; outlives the driver.</param>
/// <param name="inspector">Judges images before a tool opens them.</param>
/// <param name="sandbox">What those tools may use.</param>
public sealed class Qcow2VolumeDriver(
    HostStore store, IImageInspector inspector, SandboxOptions? sandbox = null)
    : FileVolumeDriver(store, inspector, sandbox, new Qcow2DiskKind())
{
}

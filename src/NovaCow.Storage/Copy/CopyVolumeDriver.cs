using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// The driver that shares nothing: each disk is a full, sparse copy of its base, as before there
/// was copy-on-write.
/// </summary>
/// <param name="store">Where the volumes are; outlives the driver.</param>
/// <param name="inspector">Judges images before a tool opens them.</param>
/// <param name="sandbox">What those tools may use.</param>
public sealed class CopyVolumeDriver(
    HostStore store, IImageInspector inspector, SandboxOptions? sandbox = null)
    : FileVolumeDriver(store, inspector, sandbox, new CopyDiskKind())
{
}

namespace NovaCow.Storage;

/// <summary>Takes what a disk has, in order and without overlap; what it is not given is as in the
/// base, or zeros where there is none. Offsets are multiples of <see cref="DiskScan.GrainBytes"/>.
/// </summary>
internal interface IDiskSink
{
    /// <summary>The disk has these bytes.</summary>
    void Data(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>The disk has zeros where its base may have bytes.</summary>
    void Zeros(long offset, long length);

    /// <summary>The disk and its base were compared, and have the same bytes.</summary>
    void Same(long offset, long length);

    /// <summary>All was given: makes the file whole. The caller syncs it.</summary>
    void Finish();
}

/// <summary>A new disk file to fill.</summary>
/// <param name="Files">Writes it.</param>
/// <param name="File">The empty file.</param>
/// <param name="Path">Its path.</param>
/// <param name="Facts">What it is to say of itself.</param>
/// <param name="BasePath">Its base's raw file; null: it owns its bytes.</param>
internal sealed record DiskTarget(
    StoreFiles Files,
    Microsoft.Win32.SafeHandles.SafeFileHandle File,
    string Path,
    DiskFacts Facts,
    string? BasePath);

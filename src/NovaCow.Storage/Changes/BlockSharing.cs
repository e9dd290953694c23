using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Lets a raw disk share the blocks of its base where they have the same bytes (FIDEDUPERANGE). The
/// kernel compares them itself, with both locked, before it shares, so no stop and no writer can
/// change what the disk reads as.
/// </summary>
/// <param name="files">Changes the disk.</param>
/// <param name="basis">The base.</param>
/// <param name="disk">The disk, which this process owns, and its path.</param>
internal sealed class BlockSharing(
    StoreFiles files, SafeFileHandle basis, (SafeFileHandle File, string Path) disk) : IDiskSink
{
    /// <summary>What all kernels take in one call.</summary>
    private const long MaxBytes = 16 << 20;

    /// <summary>No file system has smaller blocks; the kernel rounds to its own.</summary>
    private const long BlockBytes = 4096;

    private long _from;
    private long _to;

    public void Data(long offset, ReadOnlySpan<byte> bytes)
    {
    }

    public void Zeros(long offset, long length)
    {
    }

    public void Same(long offset, long length)
    {
        if (offset != _to)
            Share();
        if (_from == _to)
            _from = offset;
        _to = offset + length;
        if (_to - _from >= MaxBytes)
            Share();
    }

    public void Finish() => Share();

    private void Share()
    {
        var end = Math.Min(_to, StoreFiles.Length(basis)) / BlockBytes * BlockBytes;
        while (_from < end)
        {
            var count = Share(_from, Math.Min(MaxBytes, end - _from));
            if (count <= 0)
                break;
            _from += count;
        }

        _from = _to;
    }

    /// <returns>The bytes shared; 0 when the kernel found them different, or has no block of that
    /// size.</returns>
    private unsafe long Share(long offset, long length)
    {
        files.Step("dedupe", disk.Path);
        var request = new Range
        {
            SourceOffset = offset,
            SourceLength = length,
            Count = 1,
            Target = disk.File.DangerousGetHandle(),
            TargetOffset = offset,
        };
        if (LibC.ioctl(basis, LibC.FIDEDUPERANGE, &request) != 0)
            throw Failed(Marshal.GetLastPInvokeError());
        if (request.Status < 0)
            throw Failed(-request.Status);
        return request.Status == 0 ? request.Shared : 0;
    }

    private Exception Failed(int errno) => errno is LibC.EOPNOTSUPP or LibC.ENOTTY or LibC.EXDEV
        ? PortException.Final(
            LaunchErrorCode.InvalidRequest,
            $"{disk.Path}: its file system cannot let it share blocks with its base; "
                + "rebase it with the driver qcow2, or keep the store on XFS or btrfs")
        : new StoreIoException("dedupe", disk.Path, errno);

    /// <summary>The kernel's struct file_dedupe_range with one target.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Range
    {
        public long SourceOffset;
        public long SourceLength;
        public ushort Count;
        public ushort Reserved1;
        public uint Reserved2;
        public long Target;
        public long TargetOffset;
        public long Shared;
        public int Status;
        public uint Reserved3;
    }
}

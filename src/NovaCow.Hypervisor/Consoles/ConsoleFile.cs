using System.Runtime.InteropServices;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Hypervisor.Posix;

namespace NovaCow.Hypervisor.Consoles;

/// <summary>
/// What a guest wrote on its serial console, while somebody else appends to it: reads it, and keeps
/// it within a bound by giving the blocks of what is old back. The file's length stays, so a place
/// in it means the same for ever, also where libvirt's virtlogd goes on in a new file (after 2 MiB,
/// unless it is told otherwise) and keeps the old ones as <c>.0</c>, <c>.1</c>…
/// </summary>
/// <remarks>Blocking, stateless, and to be used from several threads at once. The emulator's user
/// may write to the file's folder, so links are not followed, and what is no file of its own is
/// refused. Expected failures are <see cref="PortException"/>s with Hypervisor.</remarks>
/// <param name="path">The file; it need not be there yet.</param>
/// <param name="keepBytes">How much of it is kept.</param>
public sealed class ConsoleFile(string path, long keepBytes = ConsoleFile.DefaultKeepBytes)
{
    /// <summary>How much is kept unless it is said otherwise.</summary>
    public const long DefaultKeepBytes = 1 << 20;

    private const long BlockBytes = 4096;
    private const int PunchHole = LibC.FALLOC_FL_PUNCH_HOLE | LibC.FALLOC_FL_KEEP_SIZE;

    /// <summary>Reads a part.</summary>
    /// <param name="offset">From where, in bytes from the console's beginning; negative: so many
    /// bytes before its end. What is not kept any more is left out.</param>
    /// <param name="maxBytes">The most bytes to answer; fewer come at the end of a file, but none
    /// only at the console's end.</param>
    public ConsolePart Read(long offset, int maxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        return Guarded("read", () =>
        {
            using var segments = ConsoleSegments.Open(path, isToWrite: false);
            var end = segments.EndOffset;
            var from = offset < 0 ? Math.Max(end + offset, 0) : Math.Min(offset, end);
            foreach (var segment in segments.All)
            {
                from = Math.Max(from, segment.BeginOffset);
                if (from >= segment.EndOffset)
                    continue;
                from = segment.FirstKept(from);
                var bytes = segment.Read(from, maxBytes);
                if (bytes.Length > 0 || maxBytes == 0)
                    return new ConsolePart(from, bytes, end);
            }

            return new ConsolePart(end, [], end);
        });
    }

    /// <summary>Gives back what is older than what is kept; cheap when there is nothing to give
    /// back, so that it can be called every second.</summary>
    /// <returns>What is wrong, when the file cannot be kept within the bound: its file system
    /// cannot give parts of a file back. Null: nothing is.</returns>
    public string? Trim() => Guarded("trimmed", () =>
    {
        using var segments = ConsoleSegments.Open(path, isToWrite: true);
        var cut = segments.EndOffset - keepBytes;
        return segments.All.All(s => TryGiveBack(s, cut))
            ? null
            : $"console {path}: its file system cannot give parts of a file back, so that it grows "
                + "as its guest writes; keep the store on XFS, ext4 or btrfs";
    });

    /// <summary>Whole blocks only: the rest of a block would be zeroed, and read as text.</summary>
    private bool TryGiveBack(ConsoleSegment segment, long cut)
    {
        var isAllOld = segment.EndOffset <= cut;
        var length = isAllOld
            ? (segment.SizeBytes + BlockBytes - 1) / BlockBytes * BlockBytes
            : (cut - segment.BeginOffset) / BlockBytes * BlockBytes;
        var old = Math.Min(segment.BeginOffset + length, segment.EndOffset);
        var isGone = length <= 0 || segment.FirstKept(segment.BeginOffset) >= old;
        if (isGone || LibC.fallocate(segment.File, PunchHole, 0, length) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == LibC.EOPNOTSUPP ? false : throw LibC.Failure("punch", path, error);
    }

    private T Guarded<T>(string what, Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PortException.Retryable(
                LaunchErrorCode.Hypervisor,
                $"console {path}: it cannot be {what}: {e.Message}; it must be a file of its own "
                    + "in the instance's folder, which this process may read and write",
                e);
        }
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NovaCow.Hypervisor.Posix;

namespace NovaCow.Hypervisor.Consoles;

/// <summary>
/// The files that a console lies in, oldest first: the one that is written to, and those that were
/// set aside when they had grown. Where each begins in the console is noted on the file itself, as
/// those before it will be gone.
/// </summary>
internal sealed class ConsoleSegments : IDisposable
{
    /// <summary>Many times what virtlogd keeps.</summary>
    private const int MaxSetAside = 16;

    /// <summary>How often files may be set aside while they are looked for.</summary>
    private const int MaxAttempts = 8;

    private ConsoleSegments(IReadOnlyList<ConsoleSegment> all) => All = all;

    public IReadOnlyList<ConsoleSegment> All { get; }

    public long EndOffset => All.Count == 0 ? 0 : All[^1].EndOffset;

    /// <exception cref="IOException">A file cannot be opened, or is not what it should be.
    /// </exception>
    public static ConsoleSegments Open(string path, bool isToWrite)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var files = OpenFiles(path, isToWrite);
            try
            {
                if (IsWhole(path, files))
                    return new ConsoleSegments(Place(files));
            }
            catch
            {
                Close(files);
                throw;
            }

            Close(files);
        }

        throw new IOException("it is set aside again and again while it is looked at");
    }

    public void Dispose() => Close(All.Select(s => s.File));

    /// <summary>Newest first.</summary>
    private static List<SafeFileHandle> OpenFiles(string path, bool isToWrite)
    {
        List<SafeFileHandle> files = [];
        try
        {
            for (var i = -1; i < MaxSetAside; i++)
            {
                var file = TryOpen(i < 0 ? path : SetAside(path, i), isToWrite);
                if (file is not null)
                    files.Add(file);
                else if (i >= 0)
                    break;
            }

            return files;
        }
        catch
        {
            Close(files);
            throw;
        }
    }

    private static string SetAside(string path, int number) =>
        path + "." + number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether no file was set aside meanwhile: then it would have been found twice, or
    /// the one after it missed.</summary>
    private static bool IsWhole(string path, List<SafeFileHandle> files)
    {
        var inodes = files.ConvertAll(f => LibC.Stat(f, path).Inode);
        using var now = TryOpen(path, isToWrite: false);
        var isSame = now is null
            ? inodes.Count == 0
            : inodes.Count > 0 && inodes[0] == LibC.Stat(now, path).Inode;
        return isSame && inodes.Distinct().Count() == inodes.Count;
    }

    private static ConsoleSegment[] Place(List<SafeFileHandle> newestFirst)
    {
        var end = 0L;
        var segments = new ConsoleSegment[newestFirst.Count];
        for (var i = 0; i < segments.Length; i++)
        {
            segments[i] = ConsoleSegment.At(newestFirst[^(i + 1)], end);
            end = segments[i].EndOffset;
        }

        return segments;
    }

    /// <summary>A file that is one's own: one that has a second name might be another's.</summary>
    private static SafeFileHandle? TryOpen(string path, bool isToWrite)
    {
        var access = isToWrite ? LibC.O_RDWR : LibC.O_RDONLY;
        var flags = access | LibC.O_NOFOLLOW | LibC.O_NONBLOCK;
        if (LibC.TryOpen(path, flags, out var error) is not { } file)
            return error == LibC.ENOENT ? null : throw LibC.Failure("open", path, error);
        var stat = LibC.Stat(file, path);
        if (stat is { IsFile: true, LinkCount: <= 1 })
            return file;
        file.Dispose();
        throw new IOException(
            stat.IsFile ? $"{path} has {stat.LinkCount} names" : $"{path} is no regular file");
    }

    private static void Close(IEnumerable<SafeFileHandle> files)
    {
        foreach (var file in files)
            file.Dispose();
    }
}

/// <summary>One file of a console.</summary>
/// <param name="File">The file, open.</param>
/// <param name="BeginOffset">Where it begins, in bytes from the console's beginning.</param>
/// <param name="SizeBytes">How long it was when it was opened.</param>
internal sealed record ConsoleSegment(SafeFileHandle File, long BeginOffset, long SizeBytes)
{
    private const string Mark = "user.novacow.begin";

    /// <summary>No console is as long: what stands there was not written by us.</summary>
    private const long MaxOffset = 1L << 52;

    public long EndOffset => BeginOffset + SizeBytes;

    /// <summary>The segment of a file.</summary>
    /// <param name="file">The file, which is the segment's from now on.</param>
    /// <param name="begin">Where it begins, by those before it that are left.</param>
    public static ConsoleSegment At(SafeFileHandle file, long begin)
    {
        var size = LibC.Stat(file, "console").Size;
        var isMarked = long.TryParse(
            LibC.TryGetAttribute(file, Mark), NumberStyles.None, CultureInfo.InvariantCulture,
            out var marked);
        if (isMarked && marked >= begin && marked <= MaxOffset)
            return new ConsoleSegment(file, marked, size);

        // Where that cannot be noted, offsets are true as long as no file before it goes.
        if (begin > 0)
            LibC.TrySetAttribute(file, Mark, begin.ToString(CultureInfo.InvariantCulture));
        return new ConsoleSegment(file, begin, size);
    }

    /// <summary>The first place from there on whose bytes are kept; the end if none are.</summary>
    public long FirstKept(long offset)
    {
        if (offset >= EndOffset)
            return EndOffset;
        var place = LibC.lseek(File, offset - BeginOffset, LibC.SEEK_DATA);

        // A file system that does not know says that all is kept.
        return place < 0
            ? Marshal.GetLastPInvokeError() == LibC.ENXIO
                ? EndOffset
                : offset
            : Math.Min(BeginOffset + place, EndOffset);
    }

    public byte[] Read(long offset, int maxBytes)
    {
        var bytes = new byte[Math.Min(maxBytes, EndOffset - offset)];
        var count = RandomAccess.Read(File, bytes, offset - BeginOffset);
        return count == bytes.Length ? bytes : bytes[..count];
    }
}

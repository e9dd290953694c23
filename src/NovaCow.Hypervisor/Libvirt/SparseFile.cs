using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Files that take no room where they hold nothing.</summary>
internal static partial class SparseFile
{
    private const int SeekData = 3, SeekHole = 4;
    private const int KeepSize = 1, PunchHole = 2;

    /// <summary>Makes one that holds nothing, readable by its owner only.</summary>
    public static void Create(string path, long bytes)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.SetLength(bytes);
    }

    /// <summary>Gives back what is only reserved: an emulator that writes zeroes reserves room for
    /// them. Where the file system cannot, the file stays as it is.</summary>
    public static void ReleaseZeroes(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        var length = RandomAccess.GetLength(file);
        for (long at = 0; at < length;)
        {
            var hole = lseek(file, at, SeekHole);
            if (hole < 0 || hole >= length)
                return;
            var data = lseek(file, hole, SeekData);
            var end = data < 0 ? length : data;
            if (fallocate(file, PunchHole | KeepSize, hole, end - hole) != 0)
                return;
            at = end;
        }
    }

    [LibraryImport("libc")]
    private static partial long lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc")]
    private static partial int fallocate(
        SafeFileHandle file, int mode, long offset, long length);
}

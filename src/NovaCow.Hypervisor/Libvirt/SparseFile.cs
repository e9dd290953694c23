using NovaCow.Hypervisor.Posix;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Files that take no room where they hold nothing.</summary>
internal static class SparseFile
{
    private const int PunchHole = LibC.FALLOC_FL_PUNCH_HOLE | LibC.FALLOC_FL_KEEP_SIZE;

    /// <summary>Makes one that holds nothing, readable by its owner only.</summary>
    /// <param name="path">The file, which is not there.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="owner">Whose it is to be; null: this process's user's.</param>
    public static void Create(string path, long bytes, (uint Uid, uint Gid)? owner)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.SetLength(bytes);
        if (owner is { } to)
            LibC.ChangeOwner(file.SafeFileHandle, path, to);
    }

    /// <summary>Gives back what is only reserved: an emulator that writes zeroes reserves room for
    /// them. Where the file system cannot, the file stays as it is.</summary>
    public static void ReleaseZeroes(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        var length = RandomAccess.GetLength(file);
        for (long at = 0; at < length;)
        {
            var hole = LibC.lseek(file, at, LibC.SEEK_HOLE);
            if (hole < 0 || hole >= length)
                return;
            var data = LibC.lseek(file, hole, LibC.SEEK_DATA);
            var end = data < 0 ? length : data;
            if (LibC.fallocate(file, PunchHole, hole, end - hole) != 0)
                return;
            at = end;
        }
    }
}

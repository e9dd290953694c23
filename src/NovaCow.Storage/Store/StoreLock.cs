using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Holds a store for this process. The kernel lets go of it however the process ends.
/// </summary>
internal sealed class StoreLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private StoreLock(SafeFileHandle file) => _file = file;

    public static StoreLock Take(StoreFiles files, StoreLayout layout) =>
        Take(files, layout, Thread.Sleep);

    /// <param name="files">How the lock's file is made and written.</param>
    /// <param name="layout">The store.</param>
    /// <param name="pause">Lets so much time pass.</param>
    /// <exception cref="PortException">Another process has it.</exception>
    internal static StoreLock Take(StoreFiles files, StoreLayout layout, Action<TimeSpan> pause)
    {
        var path = layout.Lock;
        var file = files.TryCreate(path) ?? files.OpenToWrite(path);
        // One that was killed while it started another process left its lock with that.
        if (!LockPatience.Takes(
            () => LibC.flock(file, LibC.LOCK_EX | LibC.LOCK_NB) == 0, pause))
        {
            // Others only read it: those share the lock.
            var cause = LibC.flock(file, LibC.LOCK_SH | LibC.LOCK_NB) == 0
                ? "another host reads it, as this host's instances are evacuated; start this "
                    + "again when that has ended"
                : $"{ReadHolder(file)} holds it; stop that process, "
                    + "or give this one a store of its own";
            file.Dispose();
            throw PortException.Final(
                LaunchErrorCode.VolumeDriver, $"store {layout.Root}: {cause}");
        }

        var held = new StoreLock(file);
        try
        {
            var pid = Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n");
            files.SetLength(file, path, 0);
            files.Write(file, path, pid, 0);
            return held;
        }
        catch (StoreIoException e) when (e.IsOutOfSpace)
        {
            // A full disk must not keep the store from whoever would make room in it: the lock is
            // held, and only our number is missing.
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Shares the lock of another host's store with others that only read there; that
    /// host cannot take it meanwhile. Null: somebody has it alone.</summary>
    /// <param name="file">The lock's file, open for reading; it is disposed with the lock, also on
    /// failure.</param>
    /// <remarks>It is a flock: NFS (unless mounted with local_lock or nolock), CephFS, GFS2 and
    /// OCFS2 carry it from host to host.</remarks>
    public static StoreLock? TryShare(SafeFileHandle file)
    {
        if (LibC.flock(file, LibC.LOCK_SH | LibC.LOCK_NB) == 0)
            return new StoreLock(file);
        var error = Marshal.GetLastPInvokeError();
        file.Dispose();
        return error == LibC.EAGAIN ? null : throw new StoreIoException("lock", "its file", error);
    }

    /// <summary>Lets go by name, not only by closing: a child that is just being started has the
    /// file open, too, until it becomes another program.</summary>
    public void Dispose()
    {
        if (!_file.IsClosed)
            _ = LibC.flock(_file, LibC.LOCK_UN);
        _file.Dispose();
    }

    private static string ReadHolder(SafeFileHandle file)
    {
        Span<byte> text = stackalloc byte[16];
        var length = RandomAccess.Read(file, text, 0);
        return int.TryParse(
            text[..length].Trim((byte)'\n'), CultureInfo.InvariantCulture, out var pid)
            ? $"process {pid}"
            : "another process";
    }
}

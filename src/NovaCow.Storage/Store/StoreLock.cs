using System.Globalization;
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

    public static StoreLock Take(StoreFiles files, StoreLayout layout)
    {
        var path = layout.Lock;
        var file = files.TryCreate(path) ?? files.OpenToWrite(path);
        if (LibC.flock(file, LibC.LOCK_EX | LibC.LOCK_NB) != 0)
        {
            var holder = ReadHolder(file);
            file.Dispose();
            throw PortException.Final(
                LaunchErrorCode.VolumeDriver,
                $"store {layout.Root}: {holder} holds it; stop that process, "
                    + "or give this one a store of its own");
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

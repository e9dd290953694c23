using System.Runtime.InteropServices;

namespace NovaCow.Storage;

/// <summary>A file operation in the store failed. Becomes a PortException at the port.</summary>
internal sealed class StoreIoException(string operation, string path, int errno)
    : IOException($"{operation} {path}: {Marshal.GetPInvokeErrorMessage(errno)}")
{
    public string Operation { get; } = operation;

    public int Errno { get; } = errno;

    public bool IsOutOfSpace => Errno is LibC.ENOSPC or LibC.EDQUOT;

    /// <summary>Whether the file system cannot do this at all.</summary>
    public bool IsUnsupported =>
        Errno is LibC.EOPNOTSUPP or LibC.ENOTTY or LibC.EXDEV or LibC.EINVAL;

    /// <summary>The failure of the call that has just returned.</summary>
    public static StoreIoException Last(string operation, string path) =>
        new(operation, path, Marshal.GetLastPInvokeError());
}

using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Turns what goes wrong in the store into what its ports may throw.</summary>
internal static class StoreErrors
{
    /// <summary>The failure of <paramref name="what"/>, by its cause.</summary>
    public static PortException From(Exception cause, string what, string root) => cause switch
    {
        PortException known => known,
        StoreIoException { IsOutOfSpace: true } => OutOfSpace(what, root, cause),
        StoreIoException { Errno: LibC.EFBIG } => PortException.Final(
            LaunchErrorCode.InvalidRequest,
            $"{what}: the file system of {root} holds no file that large (ext4: 16 TiB); "
                + "ask for less, or keep the store on XFS",
            cause),
        UnauthorizedAccessException => PortException.Final(
            LaunchErrorCode.VolumeDriver,
            $"{what}: {cause.Message} Give this process's user the right to write to {root}",
            cause),
        _ => PortException.Retryable(
            LaunchErrorCode.VolumeDriver,
            $"{what}: {cause.Message}; look at the disk of {root} and at the kernel's log",
            cause),
    };

    public static PortException OutOfSpace(string what, string root, Exception? cause = null) =>
        PortException.Retryable(
            LaunchErrorCode.InsufficientStorage,
            $"{what}: no room left in {root}; nothing was kept of it: "
                + "delete instances or bases, or give the store a larger disk",
            cause);

    /// <summary>Whether it is a failure that a port may meet, and not a bug.</summary>
    public static bool IsExpected(Exception e) =>
        e is IOException or UnauthorizedAccessException or PortException;
}

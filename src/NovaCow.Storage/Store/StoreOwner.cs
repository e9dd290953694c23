using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Gives disks to the user who runs guests, and lets that user's group reach them and read what
/// they lie over; nothing more. Without such a user all stays with this process.
/// </summary>
/// <remarks>Disks that are there already are left as they are when another owner is configured: a
/// hypervisor may have them open as its own. What is as it should be costs a look.</remarks>
internal sealed class StoreOwner(StoreFiles files, StoreLayout layout, DiskOwner? owner)
{
    private const uint PassableByGroup = 0x1C8, ReadableByGroup = 0x120, Permissions = 0xFFF;

    /// <summary>Lets the owner through the folders that all disks and bases are in.</summary>
    public void OpenStore()
    {
        string[] folders = [layout.Root, layout.Bases, layout.Instances, layout.Captures];
        foreach (var folder in folders)
            OpenFolder(folder);
    }

    /// <summary>Lets the owner through a folder, but not see what is in it.</summary>
    public void OpenFolder(string path)
    {
        if (owner is not null)
            Set(path, (LibC.geteuid(), owner.Gid), PassableByGroup);
    }

    /// <summary>Gives a disk to its owner, who alone may read and write it.</summary>
    public void GiveDisk(string path)
    {
        if (owner is not null)
            Set(path, (owner.Uid, owner.Gid), StoreFiles.PrivateFile);
    }

    /// <summary>Makes a base's file read-only.</summary>
    public void SealBase(string path)
    {
        if (owner is null)
            files.SetMode(path, StoreFiles.ReadOnlyFile);
        else
            ShareBase(path);
    }

    /// <summary>Lets the owner of the disks over it read a base's file.</summary>
    public void ShareBase(string path)
    {
        if (owner is not null)
            Set(path, (LibC.geteuid(), owner.Gid), ReadableByGroup);
    }

    private void Set(string path, (uint Uid, uint Gid) to, uint mode)
    {
        if (!StoreFiles.TryStat(path, out var stat))
            throw new StoreIoException("chown", path, LibC.ENOENT);
        try
        {
            if ((stat.Uid, stat.Gid) != to)
                files.SetOwner(path, to.Uid, to.Gid);
            if ((stat.Mode & Permissions) != mode)
                files.SetMode(path, mode);
        }
        catch (StoreIoException e) when (e.Errno == LibC.EPERM)
        {
            throw PortException.Final(
                LaunchErrorCode.VolumeDriver,
                $"{path} cannot be given to user {to.Uid} and group {to.Gid}: this process may not "
                    + "change owners; run it as root or with CAP_CHOWN, or configure no owner of "
                    + "disks",
                e);
        }
    }
}

using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Finds out whether a store's file system can do what the reflink driver needs, by doing it: a
/// small file among the bases, and a clone of it with a mark among the instances.
/// </summary>
internal static class ReflinkProbe
{
    public const string Remedy =
        "use XFS made with reflink=1, btrfs, or the driver " + DriverName.Qcow2;

    /// <summary>More than btrfs keeps inside its metadata.</summary>
    private const int ProbeBytes = 64 << 10;

    /// <summary>Why it cannot, and what to do; null when it can.</summary>
    public static string? WhyNot(HostStore store)
    {
        var source = Path.Combine(store.Layout.Bases, ".reflink-probe");
        var clone = Path.Combine(store.Layout.Instances, ".reflink-probe");
        var problem = Try(store, source, clone);
        return problem is null ? null : $"store {store.Root}: {problem}";
    }

    private static string? Try(HostStore store, string source, string clone)
    {
        try
        {
            Remove(store.Files, source, clone);
            try
            {
                Clone(store.Files, source, clone);
            }
            finally
            {
                Remove(store.Files, source, clone);
            }

            return null;
        }
        catch (StoreIoException e) when (e.IsOutOfSpace)
        {
            store.Note($"store {store.Root}: too full to try the sharing of blocks; clones will");
            return null;
        }
        catch (StoreIoException e) when (e.IsUnsupported)
        {
            return $"its file system ({new DriveInfo(store.Root).DriveFormat}) "
                + (e.Operation == "clone"
                    ? $"cannot share blocks between files: {Remedy}"
                    : $"cannot keep attributes of files ({e.Message}): {Remedy}");
        }
        catch (StoreIoException e)
        {
            return $"the sharing of blocks cannot be tried: {e.Message}";
        }
    }

    private static void Clone(StoreFiles files, string source, string clone)
    {
        var bytes = new byte[ProbeBytes];
        bytes.AsSpan().Fill(0xA5);
        using var from = files.Create(source);
        files.Write(from, source, bytes, 0);
        using var to = files.Create(clone);
        files.Clone(from, to, clone);
        new RawDiskMark(DriverName.Reflink, Base: null, DiskLayout.Whole).Write(files, to, clone);
        var read = new byte[ProbeBytes + 1];
        var count = RandomAccess.Read(to, read, 0);
        if (!read.AsSpan(0, count).SequenceEqual(bytes) || RawDiskMark.Read(to) is null)
            throw new StoreIoException("clone", clone, LibC.EOPNOTSUPP);
    }

    private static void Remove(StoreFiles files, string source, string clone)
    {
        files.Delete(clone);
        files.Delete(source);
    }
}

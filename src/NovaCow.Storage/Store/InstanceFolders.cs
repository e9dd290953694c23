using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>An instance's folder as it was found.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Record">Its commit record; null when it has none that can be read.</param>
/// <param name="IsCommitted">Whether there is a record, readable or not: then nothing that
/// instances own is a leftover.</param>
internal sealed record InstanceFolder(InstanceId Id, InstanceRecord? Record, bool IsCommitted)
{
    /// <summary>Whether a file is a disk of the instance's, or was left by a launch that never
    /// committed or a change that did not end.</summary>
    public bool Keeps(string file) =>
        Record is null ? IsCommitted : Record.Disks.Any(d => Path.GetFileName(d.Path) == file);
}

/// <summary>Reads the instances' folders, and notes what has no business there.</summary>
/// <remarks>A process that died between a rename or a removal and its sync has left what a power
/// loss could still undo: so each folder is synced before anything relies on it.</remarks>
internal static class InstanceFolders
{
    /// <summary>Which of its disks' files an instance's record names; none when there is no record.
    /// </summary>
    /// <exception cref="PortException">There is one that cannot be read.</exception>
    public static IReadOnlySet<string> Named(HostStore store, InstanceId id)
    {
        var path = store.Layout.InstanceRecord(id);
        if (!StoreFiles.TryStat(path, out _))
            return new HashSet<string>();
        var record = StoreRecords.TryRead<InstanceRecord>(path, out var problem)
            ?? throw PortException.Final(
                LaunchErrorCode.VolumeDriver,
                $"{path} {problem}, so which disks are the instance's is not known; nothing was "
                    + "removed: delete the instance, or restore its record from a backup");
        return record.Disks.Select(d => Path.GetFileName(d.Path)).ToHashSet();
    }

    /// <summary>Removes what the machine of an instance that is no more had beside its disks,
    /// whatever it is, and its folder once that is empty.</summary>
    public static void RemoveMachine(HostStore store, InstanceId id)
    {
        var folder = store.Layout.Instance(id);
        if (!StoreFiles.TryStat(folder, out var stat) || !stat.IsDirectory)
            return;
        foreach (var path in Directory.EnumerateFileSystemEntries(folder))
        {
            if (InstanceFiles.IsOfMachine(InstanceFiles.WithoutTemporary(Path.GetFileName(path))))
                store.Files.DeleteTree(path);
        }

        store.Files.DeleteEmptyDirectory(folder);
    }

    public static List<InstanceFolder> Read(HostStore store)
    {
        List<InstanceFolder> found = [];
        store.Files.SyncDirectory(store.Layout.Instances);
        foreach (var path in Directory.EnumerateFileSystemEntries(store.Layout.Instances))
        {
            var name = Path.GetFileName(path);
            if (InstanceId.TryParse(name, out var id, out _) && Directory.Exists(path))
                found.Add(Read(store, id));
            else
                store.Note($"{path} is no instance's folder; it was left alone");
        }

        found.Sort((a, b) => string.CompareOrdinal(a.Id.Value, b.Id.Value));
        return found;
    }

    private static InstanceFolder Read(HostStore store, InstanceId id)
    {
        var path = store.Layout.InstanceRecord(id);
        store.Files.SyncDirectory(store.Layout.Instance(id));
        if (!StoreFiles.TryStat(path, out _))
            return new InstanceFolder(id, null, IsCommitted: false);
        var record = StoreRecords.TryRead<InstanceRecord>(path, out var problem);
        if (record is not null && record.Id == id)
            return new InstanceFolder(id, Rerooted(store, record), IsCommitted: true);
        problem = record is null ? problem : $"is of instance {record.Id}";
        store.Note($"{path} {problem}; the instance and its disks were left alone");
        return new InstanceFolder(id, null, IsCommitted: true);
    }

    /// <summary>A store may have been moved since: its files are where it is now.</summary>
    private static InstanceRecord Rerooted(HostStore store, InstanceRecord record)
    {
        var folder = $"/instances/{record.Id}/";
        return record with
        {
            Disks = [.. record.Disks.Select(d =>
                d.Path.EndsWith(folder + Path.GetFileName(d.Path), StringComparison.Ordinal)
                    ? d with { Path = store.Layout.Root + folder + Path.GetFileName(d.Path) }
                    : d)],
        };
    }
}

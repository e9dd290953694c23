using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Measures the whole disks of one kind, one look at each file; changes nothing, and what
/// is removed meanwhile is left out.</summary>
internal sealed class DiskUsages(HostStore store, IDiskKind kind)
{
    public List<DiskUsage> Measure(CancellationToken token)
    {
        List<DiskUsage> found = [];
        foreach (var folder in Directory.EnumerateDirectories(store.Layout.Instances))
        {
            if (!InstanceId.TryParse(Path.GetFileName(folder), out var instance, out _))
                continue;
            var disks = Files(folder).Select(file => Measure(instance, file, token));
            found.AddRange(disks.OfType<DiskUsage>());
        }

        return found;
    }

    private List<(DiskName Disk, string Path)> Files(string folder)
    {
        List<(DiskName, string)> files = [];
        try
        {
            foreach (var path in Directory.EnumerateFiles(folder, $"*.{kind.Extension}"))
            {
                if (InstanceFiles.TryParse(Path.GetFileName(path), out var disk))
                    files.Add((disk, path));
            }
        }
        catch (DirectoryNotFoundException)
        {
            // The instance was deleted since.
        }

        return files;
    }

    private DiskUsage? Measure(
        InstanceId instance, (DiskName Disk, string Path) at, CancellationToken token)
    {
        try
        {
            using var file = store.Files.OpenToRead(at.Path);
            if (kind.Read(file, at.Path, out _) is not { } facts)
                return null;
            var extents = FileExtents.Read(file, at.Path, token)
                ?? new FileExtents(0, 0, StoreFiles.Stat(file, at.Path).AllocatedBytes);
            return new DiskUsage(
                instance,
                at.Disk,
                facts.Base,
                facts.VirtualSizeBytes,
                extents.SharedBytes,
                extents.UniqueBytes);
        }
        catch (StoreIoException e) when (e.Errno == LibC.ENOENT)
        {
            return null;
        }
    }
}

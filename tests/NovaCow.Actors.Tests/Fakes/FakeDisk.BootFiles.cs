using System.Collections.Concurrent;
using NovaCow.Core;

namespace NovaCow.Actors.Tests.Fakes;

/// <summary>What instances boot with beside their disks: files of one of two names each.</summary>
internal sealed partial class FakeDisk
{
    /// <summary>Kernels and ramdisks, by their paths.</summary>
    public ConcurrentDictionary<string, InstanceDisk> BootFiles { get; } = new();

    private Ensured<InstanceDisk> EnsureBootFile(CloneRequest request)
    {
        string[] paths =
        [
            $"/store/instances/{request.Instance}/{request.Disk}",
            $"/store/instances/{request.Instance}/{request.Disk}.1",
        ];
        foreach (var path in paths)
        {
            if (BootFiles.TryGetValue(path, out var there) && there.BackingFile == request.Base)
                return new Ensured<InstanceDisk>(there, Created: false);
        }

        var free = paths.First(p => !IsNamed(request.Instance, Path.GetFileName(p)));
        var made = NewDisk(request) with { BackingFile = request.Base, Path = free };
        BootFiles[free] = made;
        return new Ensured<InstanceDisk>(made, Created: true);
    }

    private bool DeleteBootFiles(InstanceId instance, DiskName name)
    {
        foreach (var (path, file) in BootFiles)
        {
            var (id, disk) = InstanceOf(path, file);
            if (id == instance && disk == name && !IsNamed(id, Path.GetFileName(path)))
                BootFiles.TryRemove(path, out _);
        }

        return true;
    }

    private void RemoveUnnamedBootFiles()
    {
        foreach (var (path, file) in BootFiles)
            DeleteBootFiles(InstanceOf(path, file).Instance, file.Name);
    }

    private static KeyValuePair<(InstanceId Instance, DiskName Disk), InstanceDisk> Keyed(
        KeyValuePair<string, InstanceDisk> file) => new(
            InstanceOf(file.Key, file.Value), file.Value);

    private static (InstanceId Instance, DiskName Disk) InstanceOf(
        string path, InstanceDisk file) => (InstanceId.Parse(path.Split('/')[^2]), file.Name);
}

using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Makes disks of one store from those of a dead host's. The dead host's stay as they are; what is
/// made holds only what differs from this store's own base. Blocks.
/// </summary>
/// <remarks>A disk has a temporary name until it is whole and synced; what a crash leaves is
/// removed by the next start.</remarks>
/// <param name="store">Where the disks are made.</param>
/// <param name="disks">Reads what was made.</param>
/// <param name="kind">What the disks are, there and here.</param>
internal sealed class DeadDisks(HostStore store, FileDisks disks, IDiskKind kind)
{
    private readonly StoreFiles _files = store.Files;
    private readonly DiskRewriter _rewriter = new(store, kind);

    public Ensured<InstanceDisk> TakeOver(CloneRequest request, SharedStores shared, Pace pace)
    {
        var path = store.Layout.Disk(request.Instance, request.Disk, kind.Extension);
        if (StoreFiles.TryStat(path, out _))
            return new Ensured<InstanceDisk>(Result(request.Disk, path), Created: false);
        var rules = new ChangeRules(
            store, kind, $"disk {request.Disk} of instance {request.Instance}");
        var facts = new DiskFacts(
            request.Transfer!.IsOverBase ? request.Base : null,
            request.VirtualSizeBytes,
            request.Layout);
        rules.CheckSize(facts.VirtualSizeBytes);
        rules.CheckBase(facts);
        using var dead = shared.Open(request.Transfer.Source.Dead!);
        using var disk = dead.OpenDisk(
            request, kind, (store.Layout.BaseData(request.Base), _files.OpenToRead));
        _rewriter.RunFirst(disk, facts, path, pace);
        return new Ensured<InstanceDisk>(Result(request.Disk, path), Created: true);
    }

    private InstanceDisk Result(DiskName name, string path) =>
        disks.TryRead(name, path, out var problem) ?? throw PortException.Final(
            LaunchErrorCode.VolumeDriver, $"{path} {problem}; restore it from a backup");
}

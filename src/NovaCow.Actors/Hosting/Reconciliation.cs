using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// Reads what a host's store holds when the host starts, before anything else touches the store.
/// It removes nothing: what a crash left half-made, the driver has removed before it answers, so a
/// disk that is listed without a readable record belongs to an instance whose record is damaged.
/// A disk that was changed when its host crashed says better than its record what it is: such a
/// record is published anew.
/// </summary>
internal static class Reconciliation
{
    public static async Task<Found> ReadAsync(HostSettings host)
    {
        var machines = host.Machines is null
            ? MachineInventory.Empty
            : await host.Machines.Hypervisor.ListAsync(CancellationToken.None);
        var inventory = await host.Drivers.ListAsync(CancellationToken.None);
        var records = await host.Store.ListInstancesAsync(CancellationToken.None);
        var whole = new List<InstanceRecord>(records.Count);
        Dictionary<InstanceId, IReadOnlyList<InstanceDisk>> damaged = [];
        List<string> notes = [];
        var bases = inventory.Bases.Select(b => b.Key).ToHashSet();
        foreach (var record in records)
        {
            var missing = Missing(record, inventory, bases);
            if (missing.Count == 0)
            {
                whole.Add(await AsItsDisksSayAsync(host, record, inventory, notes));
                continue;
            }

            damaged[record.Id] = record.Disks;
            notes.Add(Lost(record.Id, $"missing from the store: {string.Join(", ", missing)}"));
        }

        foreach (var id in inventory.Disks.Keys.Except(records.Select(r => r.Id)))
        {
            damaged[id] = inventory.Disks[id];
            notes.Add(Lost(id, "its record cannot be read"));
        }

        return new Found(inventory.Bases, whole, damaged, Clones(inventory), notes)
        {
            Fences = host.Fences?.ReadFences() ?? [],
            DamagedBases = inventory.Damaged,
            Unsealed = inventory.Unsealed,
            Machines = machines,
            Uses = host.Store.ReadUses().DistinctBy(u => u.Key).ToDictionary(u => u.Key),
        };
    }

    private static string Lost(InstanceId id, string cause) =>
        $"instance {id}: {cause}; it is reported as lost, and what is left of it stays until it "
            + "is deleted";

    private static async Task<InstanceRecord> AsItsDisksSayAsync(
        HostSettings host, InstanceRecord record, VolumeInventory inventory, List<string> notes)
    {
        var disks = inventory.Disks[record.Id];
        if (record.Disks.All(d => IsSame(d, Seen(d, disks)!)))
            return record;
        var anew = record with
        {
            Disks = [.. record.Disks.Select(d => Seen(d, disks)!.PluggedAs(d))],
        };
        try
        {
            await host.Store.SaveInstanceAsync(anew, CancellationToken.None);
            notes.Add($"instance {record.Id}: its disks are not as its record says: a change of "
                + "them broke off, or the store was moved; the record is published anew");
        }
        catch (PortException failure)
        {
            notes.Add($"{failure.Message}; the next start tries again");
        }

        return anew;
    }

    private static bool IsSame(InstanceDisk recorded, InstanceDisk found) =>
        recorded.BackingFile == found.BackingFile
            && recorded.VirtualSizeBytes == found.VirtualSizeBytes
            && recorded.Driver == found.Driver
            && recorded.Path == found.Path
            && recorded.Layout == found.Layout;

    private static InstanceDisk? Seen(InstanceDisk recorded, IReadOnlyList<InstanceDisk> disks) =>
        disks.FirstOrDefault(d => d.Name == recorded.Name && d.Path == recorded.Path)
            ?? disks.FirstOrDefault(d => d.Name == recorded.Name);

    /// <summary>The disks that are not there, or whose base is not; a file to boot with is whole
    /// without.</summary>
    private static List<string> Missing(
        InstanceRecord record, VolumeInventory inventory, HashSet<BaseKey> bases)
    {
        var there = inventory.Disks.TryGetValue(record.Id, out var disks) ? disks : [];
        List<string> missing = [];
        foreach (var disk in record.Disks)
        {
            var found = Seen(disk, there);
            if (found is null)
                missing.Add($"disk {disk.Name}");
            else if (found is { BackingFile: { } key, Name.IsBootFile: false }
                && !bases.Contains(key))
            {
                missing.Add($"base {key} of disk {disk.Name}");
            }
        }

        return missing;
    }

    private static Dictionary<BaseKey, List<FoundClone>> Clones(VolumeInventory inventory)
    {
        Dictionary<BaseKey, List<FoundClone>> clones = [];
        foreach (var (instance, disks) in inventory.Disks)
        {
            foreach (var disk in disks.Where(d => d.BackingFile is not null))
            {
                if (!clones.TryGetValue(disk.BackingFile!, out var list))
                    clones[disk.BackingFile!] = list = [];
                list.Add(new FoundClone(instance, disk));
            }
        }

        return clones;
    }

    /// <summary>What is on the store.</summary>
    /// <param name="Bases">Bases; all that are not damaged are whole.</param>
    /// <param name="Instances">Records whose disks are all there.</param>
    /// <param name="Damaged">Instances that miss a disk, a base or their record: their disks.
    /// </param>
    /// <param name="Clones">The disks of all instances, by their base.</param>
    /// <param name="Notes">What a person should read in the log.</param>
    public sealed record Found(
        IReadOnlyList<BaseVolume> Bases,
        IReadOnlyList<InstanceRecord> Instances,
        IReadOnlyDictionary<InstanceId, IReadOnlyList<InstanceDisk>> Damaged,
        IReadOnlyDictionary<BaseKey, List<FoundClone>> Clones,
        IReadOnlyList<string> Notes)
    {
        /// <summary>What other hosts left of instances that they took over.</summary>
        public required IReadOnlyList<EvacuationFence> Fences { get; init; }

        /// <summary>Those of the bases that are damaged, and why.</summary>
        public required IReadOnlyDictionary<BaseKey, string> DamagedBases { get; init; }

        /// <summary>Those of the bases whose bytes nothing vouches for.</summary>
        public required IReadOnlySet<BaseKey> Unsealed { get; init; }

        /// <summary>The machines that the hypervisor has.</summary>
        public required MachineInventory Machines { get; init; }

        /// <summary>How bases were used, as far as that is known.</summary>
        public required IReadOnlyDictionary<BaseKey, BaseUse> Uses { get; init; }

        public IReadOnlyList<FoundClone> ClonesOf(BaseKey key) =>
            Clones.TryGetValue(key, out var clones) ? clones : [];
    }

    public sealed record Failed(Exception Cause);
}

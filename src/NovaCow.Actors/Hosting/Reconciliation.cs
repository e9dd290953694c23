using NovaCow.Core;

namespace NovaCow.Actors.Hosting;

/// <summary>Reads what a host's store holds when the host starts, and removes disks that no record
/// accounts for. It runs before anything else touches the store.</summary>
internal static class Reconciliation
{
    public static async Task<Found> ReadAsync(HostSettings host)
    {
        var inventory = await host.Driver.ListAsync(CancellationToken.None);
        var records = await host.Store.ListInstancesAsync(CancellationToken.None);
        var known = records.Select(r => r.Id).ToHashSet();
        List<string> notes = [];
        foreach (var (instance, disks) in inventory.Disks.Where(d => !known.Contains(d.Key)))
        {
            foreach (var disk in disks)
            {
                await host.Driver.DeleteDiskAsync(instance, disk.Name, CancellationToken.None);
                notes.Add($"instance {instance}: disk {disk.Name} had no record and was removed");
            }
        }

        var whole = new List<InstanceRecord>(records.Count);
        List<InstanceRecord> damaged = [];
        foreach (var record in records)
        {
            var missing = Missing(record, inventory);
            if (missing.Count == 0)
            {
                whole.Add(record);
                continue;
            }

            damaged.Add(record);
            notes.Add(
                $"instance {record.Id}: {string.Join(", ", missing)} missing from the store; it is "
                    + "reported as lost, and what is left of it stays until it is deleted");
        }

        return new Found(inventory.Bases, whole, damaged, Clones(inventory, known), notes);
    }

    private static List<DiskName> Missing(InstanceRecord record, VolumeInventory inventory)
    {
        var there = inventory.Disks.TryGetValue(record.Id, out var disks) ? disks : [];
        return
        [
            .. record.Disks.Select(d => d.Name).Where(name => !there.Any(d => d.Name == name)),
        ];
    }

    private static Dictionary<BaseKey, List<FoundClone>> Clones(
        VolumeInventory inventory, HashSet<InstanceId> known)
    {
        Dictionary<BaseKey, List<FoundClone>> clones = [];
        foreach (var (instance, disks) in inventory.Disks.Where(d => known.Contains(d.Key)))
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
    /// <param name="Bases">Bases; all of them are whole.</param>
    /// <param name="Instances">Records whose disks are all there.</param>
    /// <param name="Damaged">Records that miss a disk.</param>
    /// <param name="Clones">The disks of recorded instances, by their base.</param>
    /// <param name="Notes">What a person should read in the log.</param>
    public sealed record Found(
        IReadOnlyList<BaseVolume> Bases,
        IReadOnlyList<InstanceRecord> Instances,
        IReadOnlyList<InstanceRecord> Damaged,
        IReadOnlyDictionary<BaseKey, List<FoundClone>> Clones,
        IReadOnlyList<string> Notes)
    {
        public IReadOnlyList<FoundClone> ClonesOf(BaseKey key) =>
            Clones.TryGetValue(key, out var clones) ? clones : [];
    }

    public sealed record Failed(Exception Cause);
}

using System.Text.Json;
using NovaCow.Client;
using NovaCow.Nemesis.Fleet;
using NovaCow.Storage.Tests;

namespace NovaCow.Nemesis.Checks;

/// <summary>Reads the hosts' stores as they are on disk, past every process.</summary>
internal static class HostStores
{
    private const int SampledDisks = 8;

    /// <summary>The first thing by which the stores are not as the API says; null: none.
    /// </summary>
    public static string? Complaint(TestFleet fleet, IReadOnlyList<InstanceResource> instances)
    {
        foreach (var host in fleet.Hosts)
        {
            var expected = instances.Where(i => i is { State: "active" } && i.Host == host)
                .Select(i => i.Id).ToHashSet();
            var found = Entries(fleet, host, "instances").ToHashSet();
            var complaint = found.Except(expected).Select(id => $"{host} has {id}, which is not its")
                .Concat(expected.Except(found).Select(id => $"{host} lacks {id}"))
                .Concat(Entries(fleet, host, "instances")
                    .SelectMany(id => OfInstance(Path.Combine(fleet.StoreOf(host), "instances", id))))
                .Concat(Entries(fleet, host, "bases")
                    .SelectMany(key => OfBase(Path.Combine(fleet.StoreOf(host), "bases", key))))
                .FirstOrDefault();
            if (complaint is not null)
                return complaint;
        }

        return null;
    }

    /// <summary>Instances that are on more than one host, by their records.</summary>
    public static IEnumerable<string> Doubled(TestFleet fleet) => fleet.Hosts
        .SelectMany(host => Entries(fleet, host, "instances").Select(id => (host, id)))
        .GroupBy(p => p.id)
        .Where(g => g.Count() > 1)
        .Select(g => $"{g.Key} is on {string.Join(" and on ", g.Select(p => p.host))}");

    /// <summary>What qemu-img check says of some disks.</summary>
    public static async Task<IReadOnlyList<string>> CheckDisksAsync(
        IReadOnlyList<InstanceResource> instances, Random random)
    {
        var disks = instances.SelectMany(i => i.Disks).Where(d => d.Format == "qcow2").ToArray();
        random.Shuffle(disks);
        var violations = new List<string>();
        foreach (var disk in disks.Take(SampledDisks))
        {
            var (code, output, error) = await Command.TryRunAsync(
                "qemu-img", "check", "-f", "qcow2", disk.Path);
            if (code != 0)
                violations.Add($"qemu-img check {disk.Path}: {code}: {output}{error}");
        }

        return violations;
    }

    private static IEnumerable<string> Entries(TestFleet fleet, string host, string part)
    {
        var folder = Path.Combine(fleet.StoreOf(host), part);
        return Directory.Exists(folder)
            ? Directory.EnumerateFileSystemEntries(folder).Select(p => Path.GetFileName(p))
            : [];
    }

    private static IEnumerable<string> OfInstance(string folder)
    {
        var record = Path.Combine(folder, "instance.json");
        if (!File.Exists(record))
        {
            yield return $"{folder} has no record: half an instance";
            yield break;
        }

        foreach (var file in Directory.EnumerateFileSystemEntries(folder, "*.tmp"))
            yield return $"{file} was left behind";
        using var json = JsonDocument.Parse(File.ReadAllBytes(record));
        foreach (var disk in json.RootElement.GetProperty("disks").EnumerateArray())
        {
            if (!File.Exists(disk.GetProperty("path").GetString()))
                yield return $"{record} names {disk.GetProperty("path")}, which is not there";
        }
    }

    private static IEnumerable<string> OfBase(string folder)
    {
        string[] files = ["base.json", "base.raw"];
        return files.Where(f => !File.Exists(Path.Combine(folder, f)))
            .Select(f => $"{folder} has no {f}: half a base");
    }
}

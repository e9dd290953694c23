using System.Collections.Concurrent;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>
/// Holds a store against a ledger after a restart: what was acknowledged is whole, what was not is
/// whole or gone, and nothing else is there. Then what was open is settled.
/// </summary>
internal sealed class StoreCheck(DriverHost host, StoreLedger ledger)
{
    /// <summary>Overlays, by their digest and what they lie over, that qemu found whole.</summary>
    private static readonly ConcurrentDictionary<string, bool> s_whole = new();

    private readonly List<string> _violations = [];
    private readonly string _root = host.Store.Root;

    /// <summary>What is wrong, in sentences.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(DriverHost host, StoreLedger ledger)
    {
        var check = new StoreCheck(host, ledger);
        var records = await host.Store.ListInstancesAsync(default);
        var found = await host.Driver.ListAsync(default);
        foreach (var expected in ledger.Bases)
            check.Base(expected, found.Bases.Any(b => b.Key == expected.Content.Key));
        foreach (var expected in ledger.Instances)
            await check.InstanceAsync(expected, records, found.Disks);
        check.NothingElse(found, records);
        check.Captures();
        check.Stores();
        return check._violations;
    }

    private void Base(ExpectedBase expected, bool isThere)
    {
        var content = expected.Content;
        if (!isThere && expected.MustBe)
            Violated($"base {content.Name} is lost");
        if (isThere)
        {
            var file = host.Store.Layout.BaseData(content.Key);
            if (!ReadsAs(file, content.Reference, content.Bytes))
                Violated($"base {content.Name} has other bytes");
            foreach (var path in (string[])[file, host.Store.Layout.BaseRecord(content.Key)])
            {
                if (File.GetUnixFileMode(path) != UnixFileMode.UserRead)
                    Violated($"{path} has mode {File.GetUnixFileMode(path)}");
            }

            Holds($"bases/{content.Key}", ["base.json", "base.raw"]);
        }

        ledger.End(content, isThere);
    }

    private async Task InstanceAsync(
        ExpectedInstance expected,
        IReadOnlyList<InstanceRecord> records,
        IReadOnlyDictionary<InstanceId, IReadOnlyList<InstanceDisk>> found)
    {
        var record = records.SingleOrDefault(r => r.Id == expected.Id);
        if (record is null)
        {
            if (expected.MustBe)
                Violated($"instance {expected.Id} is lost");
            if (found.ContainsKey(expected.Id))
                Violated($"instance {expected.Id} has disks and no record");
            ledger.End(expected.Id, null);
            return;
        }

        if (!expected.Epochs.Contains(record.Fence.Epoch))
            Violated($"instance {expected.Id} has the record of epoch {record.Fence.Epoch}");
        var disks = found.GetValueOrDefault(expected.Id) ?? [];
        List<ExpectedDisk> settled = [];
        foreach (var disk in expected.Disks)
        {
            var it = disks.SingleOrDefault(d => d.Name == disk.Name);
            if (it is null || !disk.Sizes.Contains(it.VirtualSizeBytes))
                Violated($"disk {disk.Name} of {expected.Id} is lost or of the wrong size");
            var content = it is null ? disk.Content : await ContentOfAsync(it, disk);
            if (content is null)
                Violated($"disk {disk.Name} of {expected.Id} has other bytes");
            settled.Add(new ExpectedDisk(
                disk.Name,
                content ?? disk.Content,
                [it?.VirtualSizeBytes ?? disk.Sizes[0]]));
        }

        Holds(
            $"instances/{expected.Id}",
            ["instance.json", .. disks.Select(d => Path.GetFileName(d.Path))]);
        ledger.End(
            expected.Id, expected with { Disks = settled, Epochs = [record.Fence.Epoch] });
    }

    private static async Task<TestContent?> ContentOfAsync(InstanceDisk disk, ExpectedDisk expected)
    {
        foreach (var content in (TestContent?[])[expected.Content, expected.Before])
        {
            if (content is not null && await ReadsAsBaseAsync(disk, content))
                return content;
        }

        return null;
    }

    /// <summary>Of bases, instances and files; a download stays until its base is published.
    /// </summary>
    private void NothingElse(VolumeInventory found, IReadOnlyList<InstanceRecord> records)
    {
        Holds("bases", found.Bases.Select(b => b.Key.Value));
        Holds("instances", records.Select(r => r.Id.Value));
        foreach (var volume in found.Bases.Where(b => !ledger.Has(b.Key)))
            Violated($"base {volume.Key} is back");
        foreach (var record in records.Where(r => ledger.Find(r.Id) is null))
            Violated($"instance {record.Id} is back");
        Holds("", ["bases", "captures", "incoming", "instances", "lock", "store.json"]);
        foreach (var path in Directory.GetFiles(Path.Combine(_root, "incoming")))
        {
            if (found.Bases.Any(b => b.Key.Value == Path.GetFileName(path)))
                Violated($"the download {path} is still there");
        }
    }

    /// <summary>Those that are there are whole, and stay from then on.</summary>
    private void Captures()
    {
        var folder = host.Store.Layout.Captures;
        var found = Directory.GetFiles(folder, "*.qcow2").Select(TestImages.DigestOf).ToHashSet();
        var isRight = ledger.IsCapturing || found.SetEquals(ledger.Captures);
        if (!isRight)
            Violated($"{found.Count} captured images are there, not {ledger.Captures.Count}");
        Holds("captures", found.SelectMany(d => (string[])
            [$"{d.Algorithm}-{d.Hex}.json", $"{d.Algorithm}-{d.Hex}.qcow2"]));
        ledger.EndCapture(found);
    }

    /// <summary>Those that can be opened must stay from then on.</summary>
    private void Stores()
    {
        foreach (var (name, acknowledged) in ledger.Stores)
        {
            var path = Path.Combine(Path.GetDirectoryName(_root)!, name);
            if (acknowledged && !File.Exists(Path.Combine(path, "store.json")))
                Violated($"the store {path} is lost");
            try
            {
                HostStore.Open(path, options: null, host.Store.Files).Dispose();
                ledger.EndStore(name);
            }
            catch (PortException e)
            {
                var isFull = e.Error.Code == LaunchErrorCode.InsufficientStorage;
                if (acknowledged || !isFull)
                    Violated(e.Message);
            }
        }
    }

    private void Holds(string folder, IEnumerable<string> names)
    {
        var found = Directory.GetFileSystemEntries(Path.Combine(_root, folder))
            .Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal).ToList();
        var wanted = names.Order(StringComparer.Ordinal).ToList();
        if (!found.SequenceEqual(wanted))
        {
            Violated($"{folder}/ holds {string.Join(", ", found)} and not "
                + string.Join(", ", wanted));
        }
    }

    private void Violated(string sentence) => _violations.Add(sentence);

    private static async Task<bool> ReadsAsBaseAsync(InstanceDisk disk, TestContent content)
    {
        if (disk.Format == "raw")
            return ReadsAs(disk.Path, content.Reference, disk.VirtualSizeBytes);
        var known = $"{TestImages.DigestOf(disk.Path)} {content.Key}";
        if (s_whole.ContainsKey(known))
            return true;
        var check = await TestTool.TryRunAsync(
            "qemu-img", "check", "-q", "-f", disk.Format, disk.Path);
        if (check.Code != 0)
            return false;
        var compare = await TestTool.TryRunAsync(
            "qemu-img", "compare", "-q", "-f", "raw", "-F", disk.Format,
            content.Reference, disk.Path);
        return compare.Code == 0 && s_whole.TryAdd(known, true);
    }

    /// <summary>Whether a raw file of this length has the reference's bytes, and zeros beyond.
    /// </summary>
    private static bool ReadsAs(string path, string reference, long bytes)
    {
        if (new FileInfo(path).Length != bytes)
            return false;
        var wanted = File.ReadAllBytes(reference);
        var found = File.ReadAllBytes(path).AsSpan();
        return found[..wanted.Length].SequenceEqual(wanted)
            && !found[wanted.Length..].ContainsAnyExcept((byte)0);
    }
}

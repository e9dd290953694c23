using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>A real process, killed at any moment, again and again on the same store.</summary>
public sealed class KillTests
{
    private const int Rounds = 25;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Whatever_was_acknowledged_survives_kills_at_any_moment()
    {
        TestTool.Need("qemu-img");
        using var folder = new TempFolder();
        var root = folder.File("store");
        var seed = Environment.TickCount;
        var random = new Random(seed);
        HashSet<string> bases = [], instances = [], deleting = [], deleted = [];
        for (var round = 0; round < Rounds; round++)
        {
            await RunAndKillAsync(root, random.Next(1, 60));
            using var store = HostStore.Open(root);
            var driver = new Qcow2VolumeDriver(store, new ImageInspector());
            var found = await driver.ListAsync(default);
            var disks = found.Disks.Keys.Select(k => k.Value).ToHashSet();
            var records = await store.ListInstancesAsync(default);
            var why = $"round {round} of seed {seed}";
            Assert.True(bases.IsSubsetOf(found.Bases.Select(b => b.Key.Value)), why);
            Assert.True(instances.Except(deleting).ToHashSet().IsSubsetOf(disks), why);
            Assert.False(deleted.Overlaps(disks), why);
            Assert.Equal(disks, records.Select(r => r.Id.Value).ToHashSet());
            Assert.Equal(
                disks.Count, Directory.GetDirectories(Path.Combine(root, "instances")).Length);
            Assert.Equal(
                found.Bases.Count, Directory.GetDirectories(Path.Combine(root, "bases")).Length);
            Assert.All(found.Bases, b => Assert.Equal(
                b.VirtualSizeBytes,
                new FileInfo(Path.Combine(root, "bases", b.Key.Value, "base.raw")).Length));
        }

        Assert.NotEmpty(instances);

        async Task RunAndKillAsync(string store, int lines)
        {
            using var child = KilledChild.Start(store);
            try
            {
                for (var i = 0; i < lines; i++)
                    Note(await child.StandardOutput.ReadLineAsync().WaitAsync(s_patience));
            }
            finally
            {
                child.Kill();
            }

            while (await child.StandardOutput.ReadLineAsync() is { } line)
                Note(line);
            await child.WaitForExitAsync();
        }

        void Note(string? line)
        {
            var words = line?.Split(' ') ?? [];
            if (words is ["base", var key])
                bases.Add(key);
            else if (words is ["instance", var id])
                instances.Add(id);
            else if (words is ["deleting", var going])
                deleting.Add(going);
            else if (words is ["deleted", var gone])
                deleted.Add(gone);
        }
    }
}

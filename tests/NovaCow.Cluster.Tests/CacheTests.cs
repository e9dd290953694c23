using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>Copies that are wanted, kept and replaced across hosts, and images that get a new
/// version.</summary>
public sealed class CacheTests : IAsyncLifetime
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(150);
    private static readonly string[] Hosts = ["host-1", "host-2", "host-3"];
    private readonly TestCluster _cluster = new();

    public async ValueTask InitializeAsync()
    {
        _cluster.Settings.Add("novacow.host.cache-budget=1MiB");
        _cluster.Settings.Add(TestCluster.ShortLease);
        await _cluster.StartControlAsync();
        await RegisterAsync("disk", 1);
        foreach (var host in Hosts)
            await _cluster.StartHostAsync(host);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task When_a_holder_is_killed_a_third_host_takes_its_place()
    {
        await _cluster.Client.PrecacheAsync("disk", new PrecacheRequest { Copies = 2 }, default);
        var holders = await ReadyAsync(2);

        await _cluster.Node(holders[0]).KillAsync();
        var third = Assert.Single(Hosts.Except(holders));
        await Eventually.HoldsAsync(
            "the third host has a copy", CacheAsync,
            c => c.Ready == 2 && c.Copies.Any(k => k.Host == third && k.State == "ready"),
            _cluster.Logs);

        // Whoever comes back has what it had, and one too many may go.
        await _cluster.StartHostAsync(holders[0]);
        var back = await Eventually.HoldsAsync(
            "two of the copies are kept", CacheAsync,
            c => c.Copies.Count(k => k.Kept) == 2, _cluster.Logs);
        Assert.Contains(back.Copies, k => k.Host == third && k.Kept);
    }

    [Fact]
    public async Task A_pin_outlives_pressure_and_both_processes()
    {
        await _cluster.Client.PrecacheAsync(
            "disk", new PrecacheRequest { Hosts = ["host-1"] }, default);
        await ReadyAsync(1);
        await _cluster.Client.PinAsync("disk", new PinRequest { Hosts = ["host-1"] }, default);
        await _cluster.Client.EndPrecacheAsync("disk", default);
        await _cluster.Node("host-1").KillAsync();
        await _cluster.Node("control").KillAsync();
        await _cluster.StartControlAsync();
        await _cluster.StartHostAsync("host-1");
        await _cluster.UntilHostIsAsync("host-1", "up");

        // Its bases take more than the budget already, and still it stays.
        await RegisterAsync("pressure", 2);
        await _cluster.Client.PrecacheAsync(
            "pressure", new PrecacheRequest { Hosts = ["host-1"] }, default);
        await Eventually.HoldsAsync(
            "the pressure is there", () => _cluster.Client.GetImageCacheAsync("pressure", default),
            c => c.Ready == 1, _cluster.Logs);
        var kept = Assert.Single((await CacheAsync()).Copies);
        Assert.Equal(("host-1", "ready", true), (kept.Host, kept.State, kept.Kept));
        var refused = await Assert.ThrowsAsync<NovaCowException>(async () =>
            await _cluster.Client.EvictBaseAsync("host-1", (await CacheAsync()).Key, default));
        Assert.Contains("image disk is pinned", refused.Message);
        var hosts = (await _cluster.Client.GetCacheAsync(default)).Hosts;
        Assert.Equal(1 << 20, hosts.Single(h => h.Host == "host-1").BudgetBytes);
    }

    [Fact]
    public async Task Launches_before_and_after_an_update_get_each_their_version_until_it_is_undone()
    {
        await _cluster.Client.PrecacheAsync("disk", new PrecacheRequest { Copies = 2 }, default);
        await ReadyAsync(2);
        var before = Assert.Single(await _cluster.LaunchAsync("before", 1, Wait));
        var source = await MakeAsync("disk-2", 3);
        await _cluster.Client.UpdateImageAsync(
            "disk", new UpdateImageRequest { Source = source }, default);
        var updated = await Eventually.HoldsAsync(
            "version 2 is current", () => _cluster.Client.GetImageAsync("disk", default),
            i => i.Versions?.Current == 2, _cluster.Logs);
        Assert.Equal(2, updated.Versions!.Update!.MinWarm);
        Assert.True((await CacheAsync()).Ready >= 2);
        var after = Assert.Single(await _cluster.LaunchAsync("after", 1, Wait));
        Assert.True(after.Warm);
        Assert.NotEqual(before.Disks[0].BackingFile, after.Disks[0].BackingFile);

        // Asked again, a launch is the one that it was.
        Assert.Equal(
            before.Disks[0].BackingFile,
            Assert.Single(await _cluster.LaunchAsync("before", 1, Wait)).Disks[0].BackingFile);
        await _cluster.Client.RollBackImageAsync("disk", default);
        var undone = Assert.Single(await _cluster.LaunchAsync("undone", 1, Wait));
        Assert.Equal(before.Disks[0].BackingFile, undone.Disks[0].BackingFile);
        await _cluster.DisksAreAsTheSchedulerSaysAsync(Hosts);
    }

    private Task<ImageCacheResource> CacheAsync() =>
        _cluster.Client.GetImageCacheAsync("disk", default);

    private async Task<string[]> ReadyAsync(int copies)
    {
        var cache = await Eventually.HoldsAsync(
            $"{copies} copies are ready", CacheAsync, c => c.Ready == copies, _cluster.Logs);
        return [.. cache.Copies.Where(c => c.State == "ready").Select(c => c.Host)];
    }

    private async Task RegisterAsync(string name, int seed) =>
        await _cluster.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = name, Source = await MakeAsync(name, seed) },
            default);

    private async Task<string> MakeAsync(string name, int seed)
    {
        var path = Path.Combine(_cluster.Folder, name + ".raw");
        var bytes = new byte[2 << 20];
        new Random(seed).NextBytes(bytes.AsSpan(4096));
        await File.WriteAllBytesAsync(path, bytes);
        return path;
    }
}

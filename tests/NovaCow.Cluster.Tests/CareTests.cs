using System.Security.Cryptography;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>A base that changed under the processes that serve it.</summary>
public sealed class CareTests : IAsyncLifetime
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(150);
    private readonly TestCluster _cluster = new();
    private ImageServer _images = null!;

    public async ValueTask InitializeAsync()
    {
        _images = await ImageServer.StartAsync(_cluster.Folder, 8 << 20);
        await _cluster.StartControlAsync();
        await _cluster.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "disk", Source = _images.Url.ToString() }, default);
        await _cluster.StartHostAsync("host-1");
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _images.DisposeAsync();
    }

    [Fact]
    public async Task A_flipped_byte_is_found_its_clones_are_named_and_the_next_launch_is_right()
    {
        var first = Assert.Single(await _cluster.LaunchAsync("first", 1, Wait));
        Assert.Equal("active", first.State);
        var damaged = await VerifiedAsync();
        var whole = Hash(damaged.Key);
        Flip(FileOf(damaged.Key));

        await _cluster.Client.ScrubAsync("host-1", damaged.Key, default);

        var healed = await Eventually.HoldsAsync(
            "the base is made again",
            BaseAsync,
            b => b is { State: "ready", Damage.RebuiltAt: not null },
            _cluster.Logs);
        Assert.Equal(["first-1"], healed.Damage!.Clones);
        Assert.Equal(whole, Hash(damaged.Key));
        var second = Assert.Single(await _cluster.LaunchAsync("second", 1, Wait));
        Assert.Equal("active", second.State);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
    }

    [Fact]
    public async Task What_was_found_while_the_source_was_away_is_made_again_after_a_restart()
    {
        await _cluster.LaunchAsync("first", 1, Wait);
        var damaged = await VerifiedAsync();
        var whole = Hash(damaged.Key);
        Flip(FileOf(damaged.Key));
        _images.Hold();
        await _cluster.Client.ScrubAsync("host-1", damaged.Key, default);
        await Eventually.HoldsAsync(
            "the damage is known", BaseAsync, b => b.Damage is not null, _cluster.Logs);
        await _cluster.Node("host-1").KillAsync();
        _images.LetGo();
        await _cluster.StartHostAsync("host-1");

        await Eventually.HoldsAsync(
            "the base is made again",
            BaseAsync,
            b => b is { State: "ready", Damage: { RebuiltAt: not null, Clones: ["first-1"] } },
            _cluster.Logs);
        Assert.Equal(whole, Hash(damaged.Key));
    }

    // A converted image is held against the bytes that it had when it was read first.
    private async Task<BaseResource> VerifiedAsync()
    {
        await _cluster.Client.ScrubAsync("host-1", null, default);
        return await Eventually.HoldsAsync(
            "the base is verified", BaseAsync, b => b.Scrub?.State == "ok", _cluster.Logs);
    }

    private async Task<BaseResource> BaseAsync() =>
        (await _cluster.Client.ListBasesAsync(default)).Items.Single(b => b.Title == "image disk");

    private string FileOf(string key) =>
        Path.Combine(_cluster.StoreOf("host-1"), "bases", key, "base.raw");

    private string Hash(string key)
    {
        using var file = File.OpenRead(FileOf(key));
        return Convert.ToHexString(SHA256.HashData(file));
    }

    private static void Flip(string file)
    {
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (var stream = File.Open(file, FileMode.Open))
        {
            stream.Position = 12_345;
            var old = stream.ReadByte();
            stream.Position = 12_345;
            stream.WriteByte((byte)(old ^ 1));
        }

        File.SetUnixFileMode(file, UnixFileMode.UserRead);
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using NovaCow.Cli;
using NovaCow.Client;

namespace NovaCow.Node.Tests.Api;

/// <summary>Space and the care of bases, through the API and the command line.</summary>
public sealed class SpaceTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Fact]
    public async Task A_hosts_space_is_measured_by_base_and_by_instance()
    {
        var instance = await node.LaunchAsync("spacious");
        await using (var file = File.OpenWrite(instance.Disks[0].Path))
        {
            file.Position = 1 << 20;
            await file.WriteAsync(new byte[512 << 10]);
        }

        var space = await node.Client.GetHostSpaceAsync("test", default);
        var mine = Assert.Single(space.Instances, i => i.Id == "spacious");
        Assert.InRange(mine.UniqueBytes, 512 << 10, 1 << 20);
        Assert.Equal(mine.AllocatedBytes, mine.UniqueBytes + mine.SharedBytes);
        Assert.Equal(instance.Disks.Sum(d => d.VirtualSizeBytes), mine.VirtualSizeBytes);
        var root = Assert.Single(space.Bases, b => b.Title == "image disk");
        Assert.InRange(root.AllocatedBytes, 1, 2 << 20);
        Assert.NotNull(space.Usage.MeasuredAt);
        Assert.True(space.Usage.WorstCaseBytes >= mine.VirtualSizeBytes + root.AllocatedBytes);
        Assert.True(space.Usage.UniqueBytes >= mine.UniqueBytes);
    }

    [Fact]
    public async Task The_fleets_space_is_the_sum_of_its_hosts()
    {
        await node.LaunchAsync("summed");
        FleetSpaceResource space = null!;
        await NodeFixture.PollAsync(async () =>
        {
            space = await node.Client.GetSpaceAsync(default);
            return space.Hosts is [{ Usage.BaseBytes: > 0 }];
        });
        Assert.Equal(space.Hosts[0].Usage, space.Usage);

        var (exit, table, _) = await node.CliAsync("space");
        Assert.Equal(ExitCode.Success, exit);
        Assert.Contains("WORST CASE", table);
        Assert.Contains("with every disk filled", table);
        var (_, one, _) = await node.CliAsync("space", "--host", "test");
        Assert.Contains("summed", one);
        var (_, json, _) = await node.CliAsync("space", "--json");
        var usage = JsonDocument.Parse(json).RootElement.GetProperty("usage");
        Assert.True(usage.GetProperty("totalBytes").GetInt64() > 0);
    }

    [Fact]
    public async Task A_base_with_clones_stays_and_one_without_goes()
    {
        var image = node.Image("leaving.raw", 3 << 20);
        await node.CliAsync("image", "import", "leaving", image);
        await node.CliAsync("launch", "leaving", "--flavor", "m1.tiny", "--name", "stayer", "--wait");
        var key = await KeyAsync("image leaving");

        var kept = await Assert.ThrowsAsync<NovaCowException>(
            () => node.Client.EvictBaseAsync("test", key, default));
        Assert.Equal((409, "Conflict"), (kept.Problem.Status, kept.Problem.Code));
        Assert.Contains("1 clones", kept.Message);

        await node.CliAsync("instance", "delete", "stayer");
        var (exit, said, error) = await node.CliAsync("base", "evict", "test", key);
        Assert.Equal((ExitCode.Success, ""), (exit, error));
        Assert.Contains("gone", said);
        Assert.False(Directory.Exists(Path.Combine(node.Folder, "store", "bases", key)));
        var (again, _, _) = await node.CliAsync("base", "evict", "test", key);
        Assert.Equal(ExitCode.NotFound, again);
    }

    [Fact]
    public async Task Bases_are_verified_on_order_and_show_what_was_found()
    {
        await node.LaunchAsync("verified");
        var key = await KeyAsync("image disk");
        var (exit, said, _) = await node.CliAsync("base", "scrub", key);
        Assert.Equal(ExitCode.Success, exit);
        Assert.Contains("test: 1 bases", said);
        await NodeFixture.PollAsync(async () => (await BaseAsync(key)).Scrub?.State == "ok");
        var (_, table, _) = await node.CliAsync("base", "list");
        Assert.Contains("verified ", table);

        Flip(Path.Combine(node.Folder, "store", "bases", key, "base.raw"));
        await node.Client.ScrubAsync("test", null, default);
        await NodeFixture.PollAsync(async () => (await BaseAsync(key)).Damage?.RebuiltAt is not null);
        var damage = (await BaseAsync(key)).Damage!;
        Assert.Contains("verified", damage.Clones);
        Assert.Contains("digest differs", damage.Reason);
        Assert.Equal("active", (await node.LaunchAsync("after")).State);
    }

    [Theory]
    [InlineData("POST", "v1/hosts/nobody/bases/scrub", 404, "HostNotFound")]
    [InlineData("POST", "v1/hosts/test/bases/nonsense/scrub", 400, "InvalidRequest")]
    [InlineData("POST", "v1/hosts/test/bases/blank-512-raw/scrub", 404, "BaseNotFound")]
    [InlineData("DELETE", "v1/hosts/test/bases/blank-512-raw", 404, "BaseNotFound")]
    [InlineData("DELETE", "v1/hosts/test/bases/..%2fx", 400, "InvalidRequest")]
    [InlineData("GET", "v1/hosts/nobody/space", 404, "HostNotFound")]
    public async Task What_is_not_there_is_told_with_a_code(
        string method, string path, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await node.Http.SendAsync(request);
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(code, problem.GetProperty("code").GetString());
    }

    private async Task<string> KeyAsync(string title) =>
        (await node.Client.ListBasesAsync(default)).Items.Single(b => b.Title == title).Key;

    private async Task<BaseResource> BaseAsync(string key) =>
        (await node.Client.ListBasesAsync(default)).Items.Single(b => b.Key == key);

    private static void Flip(string file)
    {
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (var stream = File.Open(file, FileMode.Open))
        {
            stream.Position = 5_000;
            stream.Write(RandomNumberGenerator.GetBytes(64));
        }

        File.SetUnixFileMode(file, UnixFileMode.UserRead);
    }
}

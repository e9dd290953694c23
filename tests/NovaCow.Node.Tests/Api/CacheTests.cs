using System.Net;
using System.Text;
using System.Text.Json;
using NovaCow.Cli;
using NovaCow.Client;

namespace NovaCow.Node.Tests.Api;

/// <summary>Copies and versions of images, through the API and the command line.</summary>
public sealed class CacheTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Fact]
    public async Task A_precached_image_is_ready_before_its_first_launch()
    {
        await node.CliAsync("image", "import", "early", node.Image("early.raw", 3 << 20));
        var (exit, said, error) = await node.CliAsync("precache", "early", "--copies", "1");
        Assert.Equal((ExitCode.Success, ""), (exit, error));
        Assert.Contains("1 copies", said);
        await NodeFixture.PollAsync(async () =>
            (await node.Client.GetImageCacheAsync("early", default)).Ready == 1);
        var launch = await node.Client.LaunchAsync(
            new LaunchRequest { Image = "early", Flavor = "m1.tiny", Ids = ["early-1"] },
            TimeSpan.FromSeconds(60),
            default);
        Assert.True(launch.Instances[0].Warm);

        var (_, table, _) = await node.CliAsync("cache");
        Assert.Contains("early", table);
        Assert.Contains("BUDGET", table);
        Assert.Equal(ExitCode.Success, (await node.CliAsync("precache", "early", "--off")).Exit);
        Assert.Equal(0, (await node.Client.GetImageCacheAsync("early", default)).WantedCopies);
    }

    [Fact]
    public async Task A_copy_that_no_host_can_make_says_why()
    {
        await node.CliAsync("image", "import", "scarce", node.Image("scarce.raw", 1 << 20));
        await node.Client.PrecacheAsync("scarce", new PrecacheRequest { Copies = 2 }, default);
        await NodeFixture.PollAsync(async () =>
            (await node.Client.GetImageCacheAsync("scarce", default)).Ready == 1);
        var (_, shown, _) = await node.CliAsync("cache", "scarce");
        Assert.Contains("1 more wanted than there are hosts", shown);
    }

    [Fact]
    public async Task A_pinned_base_stays_until_it_is_unpinned()
    {
        await node.CliAsync("image", "import", "pinned", node.Image("pinned.raw", 5 << 20));
        await node.CliAsync("precache", "pinned", "--hosts", "test");
        Assert.Equal(ExitCode.Success, (await node.CliAsync("pin", "pinned")).Exit);
        await NodeFixture.PollAsync(async () =>
            (await node.Client.GetImageCacheAsync("pinned", default)).Copies is [{ Kept: true }]);
        await node.CliAsync("precache", "pinned", "--off");
        var key = (await node.Client.GetImageCacheAsync("pinned", default)).Key;
        var (exit, _, error) = await node.CliAsync("base", "evict", "test", key);
        Assert.Equal(ExitCode.Conflict, exit);
        Assert.Contains("image pinned is pinned", error);

        var (unpinned, _, _) = await node.CliAsync("unpin", "pinned");
        Assert.Equal(ExitCode.Success, unpinned);
        await NodeFixture.PollAsync(async () =>
            (await node.CliAsync("base", "evict", "test", key)).Exit == ExitCode.Success);
    }

    [Fact]
    public async Task An_image_is_updated_and_rolled_back_under_its_name()
    {
        await node.CliAsync("image", "import", "rolling", node.Image("old.raw", 1 << 20));
        var old = (await node.Client.GetImageAsync("rolling", default)).Digest;
        var (exit, said, error) = await node.CliAsync(
            "image", "update", "rolling", "--source", node.Image("new.raw", 2 << 20), "--wait");
        Assert.Equal((ExitCode.Success, ""), (exit, error));
        Assert.Contains("to version 2: done", said);
        var updated = await node.Client.GetImageAsync("rolling", default);
        Assert.NotEqual(old, updated.Digest);
        Assert.Equal((2, 1), (updated.Versions!.Current, updated.Versions.Previous!.Number));

        var (back, shown, _) = await node.CliAsync("image", "update", "rolling", "--rollback");
        Assert.Equal(ExitCode.Success, back);
        Assert.Contains(old, shown);
        var (conflict, _, why) = await node.CliAsync("image", "update", "rolling", "--abort");
        Assert.Equal(ExitCode.Conflict, conflict);
        Assert.Contains("no update of it is under way", why);
    }

    [Fact]
    public async Task An_update_that_waits_for_more_hosts_can_be_aborted()
    {
        await node.CliAsync("image", "import", "fragile", node.Image("whole.raw", 1 << 20));
        var path = node.Image("changing.raw", 2 << 20);
        await node.Client.UpdateImageAsync(
            "fragile", new UpdateImageRequest { Source = path, MinWarm = 2 }, default);
        await NodeFixture.PollAsync(async () =>
            (await node.Client.GetImageAsync("fragile", default)).Versions!.Update!.Warm == 1);
        await node.CliAsync("image", "update", "fragile", "--abort");
        var image = await node.Client.GetImageAsync("fragile", default);
        Assert.Equal(("aborted", 1), (image.Versions!.Update!.State, image.Versions.Current));
    }

    [Theory]
    [InlineData("PUT", "v1/images/nobody/precache", """{"copies":1}""", 404, "ImageNotFound")]
    [InlineData("PUT", "v1/images/disk/precache", "{}", 400, "InvalidRequest")]
    [InlineData("PUT", "v1/images/disk/precache", """{"copies":-1}""", 400, "InvalidRequest")]
    [InlineData("PUT", "v1/images/disk/precache", """{"hosts":["no"]}""", 404, "HostNotFound")]
    [InlineData("PUT", "v1/images/disk/pin", """{"hosts":["no"]}""", 404, "HostNotFound")]
    [InlineData("DELETE", "v1/images/nobody/pin", null, 404, "ImageNotFound")]
    [InlineData("GET", "v1/images/nobody/cache", null, 404, "ImageNotFound")]
    [InlineData("POST", "v1/images/disk/rollback", null, 409, "Conflict")]
    [InlineData("DELETE", "v1/images/disk/update", null, 409, "Conflict")]
    [InlineData("POST", "v1/images/nobody/update", """{"source":"/x"}""", 404, "ImageNotFound")]
    public async Task What_cannot_be_is_told_with_a_code(
        string method, string path, string? body, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await node.Http.SendAsync(request);
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(code, problem.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("precache", "disk")]
    [InlineData("precache", "disk", "--copies", "1", "--off")]
    [InlineData("image", "update", "disk")]
    [InlineData("image", "update", "disk", "--rollback", "--abort")]
    public async Task A_command_that_says_too_little_or_too_much_is_refused(params string[] args)
    {
        var (exit, _, error) = await node.CliAsync(args);
        Assert.Equal(ExitCode.Usage, exit);
        Assert.Contains("expected", error);
    }
}

using System.Net;
using System.Text;
using System.Text.Json;
using NovaCow.Client;

namespace NovaCow.Node.Tests.Api;

public sealed class ApiTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Fact]
    public async Task A_launch_is_active_with_its_disks_in_device_order()
    {
        var instance = await node.LaunchAsync("ordered", "m1.small");
        Assert.Equal(("active", "test"), (instance.State, instance.Host));
        Assert.Equal(["/dev/vda", "/dev/vdb", "/dev/vdc"], instance.Disks.Select(d => d.Device));
        Assert.Equal(["root", "ephemeral0", "swap"], instance.Disks.Select(d => d.Name));
        Assert.Equal(10L << 30, instance.Disks[0].VirtualSizeBytes);
        Assert.All(instance.Disks, d => Assert.True(File.Exists(d.Path)));
        Assert.NotNull(instance.Timings.LaunchMilliseconds);
    }

    [Fact]
    public async Task The_same_launch_again_is_the_same_instance()
    {
        var first = await node.LaunchAsync("again");
        var second = await node.LaunchAsync("again");
        Assert.Equal(first.Timings.AcceptedAt, second.Timings.AcceptedAt);
    }

    [Fact]
    public async Task Another_launch_with_the_same_id_is_a_conflict()
    {
        await node.LaunchAsync("taken");
        var e = await Assert.ThrowsAsync<NovaCowException>(() => node.LaunchAsync("taken", "m1.small"));
        Assert.Equal((409, "Conflict"), (e.Problem.Status, e.Problem.Code));
        Assert.Contains("taken", e.Message);
    }

    [Fact]
    public async Task A_deleted_instance_leaves_no_file()
    {
        var instance = await node.LaunchAsync("gone");
        await node.Client.DeleteInstanceAsync("gone", TimeSpan.FromSeconds(60), default);
        Assert.False(File.Exists(instance.Disks[0].Path));
        Assert.False(Directory.Exists(Path.GetDirectoryName(instance.Disks[0].Path)));
    }

    [Fact]
    public async Task A_list_comes_in_pages()
    {
        foreach (var i in Enumerable.Range(0, 5))
            await node.LaunchAsync($"page-{i}");
        var first = await node.Client.ListInstancesAsync("page", 2, default);
        var second = await node.Client.ListInstancesAsync(first.Next, 2, default);
        Assert.Equal(["page-0", "page-1"], first.Items.Select(i => i.Id));
        Assert.Equal(["page-2", "page-3"], second.Items.Select(i => i.Id));
    }

    [Theory]
    [InlineData("{", 400, "InvalidRequest", "line 1")]
    [InlineData("{\"image\":\"disk\"}", 400, "InvalidRequest", "flavor")]
    [InlineData("{\"image\":\"disk\",\"flavor\":\"m1.tiny\",\"ids\":[\"a b\"]}", 400, "InvalidRequest", "a b")]
    [InlineData("{\"image\":\"disk\",\"flavor\":\"m1.tiny\",\"ids\":[]}", 400, "InvalidRequest", "1")]
    [InlineData("{\"image\":\"disk\",\"flavour\":\"m1.tiny\",\"ids\":[\"x\"]}", 400, "InvalidRequest", "flavour")]
    [InlineData("", 400, "InvalidRequest", "body")]
    [InlineData("null", 400, "InvalidRequest", "body")]
    [InlineData("[]", 400, "InvalidRequest", "LaunchRequest")]
    [InlineData("{\"image\":\"disk\",\"flavor\":\"m1.tiny\",\"ids\":null}", 400, "InvalidRequest", "ids")]
    [InlineData("{\"image\":\"disk\",\"flavor\":\"m1.tiny\",\"ids\":[null]}", 400, "InvalidRequest", "ids")]
    [InlineData("{\"image\":\"disk\",\"flavor\":\"m1.tiny\",\"ids\":\"x\"}", 400, "InvalidRequest", "ids")]
    [InlineData("{\"image\":1,\"flavor\":\"m1.tiny\",\"ids\":[]}", 400, "InvalidRequest", "image")]
    [InlineData("{\"image\":\"a\",\"image\":\"b\",\"flavor\":\"m1.tiny\",\"ids\":[]}", 400, "InvalidRequest", "image")]
    [InlineData("{\"image\":\"nope\",\"flavor\":\"m1.tiny\",\"ids\":[\"x\"]}", 404, "ImageNotFound", "nope")]
    [InlineData("{\"image\":\"disk\",\"flavor\":\"m9\",\"ids\":[\"x\"]}", 404, "FlavorNotFound", "m9")]
    public async Task A_wrong_request_is_a_problem_with_a_code_and_a_remedy(
        string body, int status, string code, string says)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await node.Http.PostAsync("v1/instances", content);
        var (problem, text) = await ProblemAsync(response);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, problem.Code);
        Assert.Contains(says, problem.Detail);
        Assert.DoesNotContain("   at ", text);
        Assert.DoesNotContain("System.", text);
        Assert.DoesNotContain(".NET", text);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused_with_the_limit()
    {
        using var content = new StringContent(
            new string(' ', 2 << 20), Encoding.UTF8, "application/json");
        // A server that has refused reads no further: who goes on writing may not get to read why.
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/instances")
        {
            Content = content,
            Headers = { ExpectContinue = true },
        };
        using var response = await node.Http.SendAsync(request);
        var (problem, _) = await ProblemAsync(response);
        Assert.Equal((413, "BodyTooLarge"), (problem.Status, problem.Code));
        Assert.Contains("1048576", problem.Detail);
    }

    [Theory]
    [InlineData("v1/instances")]
    [InlineData("v1/images/disk")]
    [InlineData("metrics")]
    [InlineData("openapi/v1.json")]
    public async Task Head_is_answered_as_get_is_without_a_body(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var response = await node.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("ftp://someone:hidden-word@images.example/x")]
    [InlineData("http://someone:hidden-word@[x")]
    [InlineData("http://someone:hidden-word@127.0.0.1:1/x")]
    public async Task A_password_in_a_source_is_never_repeated(string source)
    {
        var request = JsonSerializer.Serialize(new { name = "secret", source });
        using var content = new StringContent(request, Encoding.UTF8, "application/json");
        using var response = await node.Http.PostAsync("v1/images", content);
        var (problem, text) = await ProblemAsync(response);
        Assert.Contains("source", problem.Detail + problem.Code, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("hidden-word", text);
    }

    [Fact]
    public async Task A_flavor_smaller_than_the_image_is_refused_by_name()
    {
        var big = node.Image("big.raw", 1 << 20);
        await node.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "big", Source = big, MinDiskBytes = 5L << 30 }, default);
        var e = await Assert.ThrowsAsync<NovaCowException>(() => node.Client.LaunchAsync(
            new LaunchRequest { Image = "big", Flavor = "m1.tiny", Ids = ["small"] }, null, default));
        Assert.Equal((422, "FlavorTooSmall"), (e.Problem.Status, e.Problem.Code));
        Assert.Contains("m1.tiny", e.Message);
    }

    [Fact]
    public async Task A_wrong_digest_is_refused_when_the_image_is_registered()
    {
        var request = new RegisterImageRequest
        {
            Name = "wrong",
            Source = node.Image("wrong.raw", 1 << 20),
            Digest = "sha256:" + new string('0', 64),
        };
        var e = await Assert.ThrowsAsync<NovaCowException>(
            () => node.Client.RegisterImageAsync(request, default));
        Assert.Equal((422, "ChecksumMismatch"), (e.Problem.Status, e.Problem.Code));
        Assert.Contains("wrong", e.Message);
    }

    [Fact]
    public async Task An_unsafe_image_is_refused_with_its_rule()
    {
        var path = Path.Combine(node.Folder, "unsafe.img");
        await File.WriteAllBytesAsync(path, [0x51, 0x46, 0x49, 0xfb, .. new byte[4096]]);
        var e = await Assert.ThrowsAsync<NovaCowException>(() => node.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "unsafe", Source = path }, default));
        Assert.Equal((422, "UnsafeImage"), (e.Problem.Status, e.Problem.Code));
        Assert.Contains("qcow2", e.Message);
    }

    [Fact]
    public async Task A_file_outside_the_roots_is_refused_with_the_setting_to_change()
    {
        var e = await Assert.ThrowsAsync<NovaCowException>(() => node.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "outside", Source = "/etc/hostname" }, default));
        Assert.Equal(400, e.Problem.Status);
        Assert.Contains("novacow.images.file.roots", e.Message);
    }

    [Fact]
    public async Task An_image_whose_source_changed_fails_its_launches_and_says_so()
    {
        var path = node.Image("changing.raw", 3 << 20);
        await node.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "changing", Source = path }, default);
        await File.AppendAllTextAsync(path, new string('x', 512));
        var answer = await node.Client.LaunchAsync(
            new LaunchRequest { Image = "changing", Flavor = "m1.tiny", Ids = ["changed"] },
            TimeSpan.FromSeconds(60),
            default);
        Assert.Equal("failed", answer.Instances[0].State);
        Assert.Contains("changing", answer.Instances[0].Reason);
        Assert.False(Directory.Exists(Path.Combine(node.Folder, "store", "instances", "changed")));
    }

    [Theory]
    [InlineData("v1/instances/nope", 404, "InstanceNotFound")]
    [InlineData("v1/images/nope", 404, "ImageNotFound")]
    [InlineData("v1/flavors/nope", 404, "FlavorNotFound")]
    [InlineData("v1/hosts/nope", 404, "HostNotFound")]
    [InlineData("v1/instances/A_B", 400, "InvalidRequest")]
    [InlineData("v1/instances?limit=0", 400, "InvalidRequest")]
    [InlineData("v1/instances?limit=x", 400, "InvalidRequest")]
    [InlineData("v1/instances?state=odd", 400, "InvalidRequest")]
    [InlineData("openapi/v2.json", 404, "NoSuchRoute")]
    [InlineData("v1/nothing", 404, "NoSuchRoute")]
    [InlineData("v1/link", 426, "UpgradeRequired")]
    public async Task What_is_not_there_is_a_problem_with_a_stable_code(
        string path, int status, string code)
    {
        using var response = await node.Http.GetAsync(path);
        var (problem, _) = await ProblemAsync(response);
        Assert.Equal((status, code), ((int)response.StatusCode, problem.Code));
    }

    [Fact]
    public async Task Events_are_streamed_and_go_on_after_the_last_one_seen()
    {
        await node.LaunchAsync("eventful");
        var seen = await FollowUntilAsync(0, e => e is { Subject: "eventful", Kind: "instance.active" });
        var placed = seen.Single(e => e is { Subject: "eventful", Kind: "instance.placed" });
        var rest = await FollowUntilAsync(
            placed.Id, e => e is { Subject: "eventful", Kind: "instance.active" });
        Assert.DoesNotContain(rest, e => e.Id <= placed.Id);
    }

    [Fact]
    public async Task An_import_shows_how_far_it_is()
    {
        var seen = FollowUntilAsync(null, e => e is { Kind: "image.progress", Subject: "seen" });
        var source = node.Image("seen.raw", 8 << 20);
        await NodeFixture.PollAsync(async () =>
        {
            await node.Client.RegisterImageAsync(
                new RegisterImageRequest { Name = "seen", Source = source }, default);
            return seen.IsCompleted;
        });
        var progress = (await seen)[^1];
        Assert.Equal(8 << 20, progress.TotalBytes);
        Assert.Null(progress.Id);
    }

    [Fact]
    public async Task Nothing_is_left_of_what_was_registered()
    {
        var source = node.Image("neat.raw", 1 << 20);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => node.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = $"neat-{i}", Source = source }, default)));
        var mine = Path.Combine(
            node.Folder, "staging", "registering", $"{Environment.ProcessId}");
        await NodeFixture.PollAsync(() => Task.FromResult(
            !Directory.EnumerateFileSystemEntries(mine).Any()));
    }

    [Fact]
    public async Task The_api_describes_itself()
    {
        using var document = JsonDocument.Parse(await node.Http.GetStringAsync("openapi/v1.json"));
        var paths = document.RootElement.GetProperty("paths");
        Assert.True(paths.TryGetProperty("/v1/instances", out var instances));
        Assert.True(instances.TryGetProperty("post", out var post));
        Assert.True(post.TryGetProperty("requestBody", out _));
        Assert.True(paths.TryGetProperty("/v1/images/{name}", out _));
    }

    [Fact]
    public async Task The_description_has_every_route_s_answers_and_problems()
    {
        using var document = JsonDocument.Parse(await node.Http.GetStringAsync("openapi/v1.json"));
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var answers = operation.Value.GetProperty("responses").EnumerateObject().ToList();
                Assert.Contains(answers, a => a.Name[0] == '2');
                Assert.Contains(answers, a => a.Name == "400");
                Assert.All(
                    answers.Where(a => a.Name[0] is '4' or '5'),
                    a => Assert.True(a.Value.GetProperty("content")
                        .TryGetProperty("application/problem+json", out _)));
                Assert.All(
                    answers.Where(a => a.Name[0] == '2' && a.Name != "204"),
                    a => Assert.True(a.Value.TryGetProperty("content", out _), path.Name));
            }
        }
    }

    [Fact]
    public async Task A_stream_of_events_begins_before_anything_happens()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var request = new HttpRequestMessage(HttpMethod.Get, "v1/events");
        request.Headers.Add("Last-Event-ID", long.MaxValue.ToString());
        using var response = await node.Http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Health_readiness_and_metrics_are_told()
    {
        await node.LaunchAsync("measured");
        await NodeFixture.PollAsync(async () =>
            (await node.Http.GetStringAsync("metrics")).Contains("novacow_shared_bytes"));
        Assert.Equal("ok\n", await node.Http.GetStringAsync("healthz"));
        Assert.Equal("ready\n", await node.Http.GetStringAsync("readyz"));
        var metrics = await node.Http.GetStringAsync("metrics");
        foreach (var family in (string[])
            [
                "novacow_actor_messages_total", "novacow_launch", "novacow_bases",
                "novacow_store", "novacow_downloads_total", "novacow_fetched_bytes_total",
                "novacow_shared_bytes", "novacow_unique_bytes", "novacow_worst_case_bytes",
                "novacow_volumes_free_bytes", "novacow_evictions_total",
                "novacow_quarantines_total",
            ])
        {
            Assert.Contains(family, metrics);
        }

        Assert.Contains("actor_type=\"SchedulerActor\"", metrics);
    }

    private async Task<List<ClusterEvent>> FollowUntilAsync(
        long? after, Func<ClusterEvent, bool> last)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        List<ClusterEvent> seen = [];
        await foreach (var e in node.Client.FollowEventsAsync(after, patience.Token))
        {
            seen.Add(e);
            if (last(e))
                break;
        }

        return seen;
    }

    private static async Task<(Problem Problem, string Text)> ProblemAsync(
        HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<Problem>(text, NovaCowClient.Json)!;
        Assert.Equal((int)response.StatusCode, problem.Status);
        Assert.StartsWith("urn:novacow:problem:", problem.Type);
        return (problem, text);
    }
}

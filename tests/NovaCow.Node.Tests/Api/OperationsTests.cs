using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using NovaCow.Cli;
using NovaCow.Client;

namespace NovaCow.Node.Tests.Api;

public sealed class OperationsTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_resized_root_disk_is_larger_on_disk_too()
    {
        var before = await node.LaunchAsync("resized");
        var after = await node.Client.ResizeInstanceAsync(
            "resized", new ResizeRequest { RootBytes = 3L << 30 }, Wait, default);
        Assert.Equal(("done", "resize"), (after.Operation!.State, after.Operation.Kind));
        Assert.Equal(3L << 30, after.Disks[0].VirtualSizeBytes);
        Assert.Equal(3L << 30, (await InfoAsync(before)).GetProperty("virtual-size").GetInt64());
    }

    [Fact]
    public async Task A_flattened_instance_has_no_backing_file_and_becomes_a_clone_again()
    {
        var before = await node.LaunchAsync("flat");
        var flat = await node.Client.FlattenInstanceAsync("flat", Wait, default);
        Assert.Equal("done", flat.Operation!.State);
        Assert.Null(flat.Disks[0].BackingFile);
        Assert.False((await InfoAsync(before)).TryGetProperty("backing-filename", out _));
        Assert.True(flat.Operation.BytesAfter > flat.Operation.BytesBefore);

        var clone = await node.Client.MigrateInstanceAsync(
            "flat", new MigrateRequest(), Wait, default);
        Assert.Equal(("done", "migrate"), (clone.Operation!.State, clone.Operation.Kind));
        Assert.Equal(before.Disks[0].BackingFile, clone.Disks[0].BackingFile);
        Assert.True(clone.Operation.BytesAfter < clone.Operation.BytesBefore);
        Assert.True((await InfoAsync(before)).TryGetProperty("backing-filename", out _));
    }

    [Fact]
    public async Task A_rebase_is_onto_the_image_as_it_is_registered_now()
    {
        // The same disk in another format has another digest, and so another base.
        await node.LaunchAsync("moved");
        var anew = Path.Combine(node.Folder, "disk.qcow2");
        await ToolAsync("convert", "-f", "raw", "-O", "qcow2",
            Path.Combine(node.Folder, "disk.raw"), anew);
        await node.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "disk-2", Source = anew }, default);
        var moved = await node.Client.RebaseInstanceAsync(
            "moved", new RebaseRequest { Image = "disk-2" }, Wait, default);
        Assert.Equal("done", moved.Operation!.State);
        var image = await node.Client.GetImageAsync("disk-2", default);
        Assert.Equal(image.Digest.Replace(':', '-'), moved.Disks[0].BackingFile);
        Assert.Equal("disk", moved.Image);
    }

    [Theory]
    [InlineData("resize", "{\"rootBytes\":512}", 422, "CannotChange", "1073741824")]
    [InlineData("resize", "{\"rootBytes\":4611686018427387904}", 409, "NoRoom", "host test")]
    [InlineData("resize", "{}", 400, "InvalidRequest", "rootBytes")]
    [InlineData("resize", "{\"rootBytes\":\"4G\"}", 400, "InvalidRequest", "rootBytes")]
    [InlineData("rebase", "{\"image\":\"nope\"}", 404, "ImageNotFound", "nope")]
    [InlineData("rebase", "{\"image\":\"a b\"}", 400, "InvalidRequest", "image")]
    [InlineData("migrate", "{\"driver\":\"tape\"}", 400, "InvalidRequest", "qcow2")]
    [InlineData("migrate", "{\"driver\":\"copy\"}", 422, "CannotChange", "flatten")]
    [InlineData("migrate", "{\"driver\":\"lvm-thin\"}", 422, "CannotChange", "host test")]
    public async Task What_cannot_be_done_is_a_problem_with_its_figures(
        string verb, string body, int status, string code, string says)
    {
        await node.LaunchAsync("stubborn");
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await node.Http.PostAsync($"v1/instances/stubborn/{verb}", content);
        var problem = JsonSerializer.Deserialize<Problem>(
            await response.Content.ReadAsStringAsync(), NovaCowClient.Json)!;
        Assert.Equal((status, code), ((int)response.StatusCode, problem.Code));
        Assert.Contains(says, problem.Detail);
        Assert.Null((await node.Client.GetInstanceAsync("stubborn", default)).Operation);
    }

    [Theory]
    [InlineData("flatten")]
    [InlineData("rebase")]
    [InlineData("migrate")]
    public async Task A_body_is_not_needed_where_nothing_has_to_be_said(string verb)
    {
        await node.LaunchAsync($"bare-{verb}");
        using var response = await node.Http.PostAsync($"v1/instances/bare-{verb}/{verb}", null);
        Assert.True(response.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_disk_that_somebody_has_open_is_left_alone_and_the_operation_says_why()
    {
        var instance = await node.LaunchAsync("busy");
        await using (File.OpenRead(instance.Disks[0].Path))
        {
            var failed = await node.Client.FlattenInstanceAsync("busy", Wait, default);
            Assert.Equal("failed", failed.Operation!.State);
            Assert.Equal("InvalidRequest", failed.Operation.ErrorCode);
            Assert.Contains("in use", failed.Operation.Error);
        }

        var done = await node.Client.FlattenInstanceAsync("busy", Wait, default);
        Assert.Equal("done", done.Operation!.State);
    }

    [Fact]
    public async Task Cancelling_what_is_over_or_was_never_there_changes_nothing()
    {
        await node.LaunchAsync("calm");
        Assert.Null((await node.Client.CancelOperationAsync("calm", Wait, default)).Operation);
        await node.Client.FlattenInstanceAsync("calm", Wait, default);
        var over = await node.Client.CancelOperationAsync("calm", Wait, default);
        Assert.Equal("done", over.Operation!.State);
        var e = await Assert.ThrowsAsync<NovaCowException>(
            () => node.Client.CancelOperationAsync("nobody", Wait, default));
        Assert.Equal(404, e.Problem.Status);
    }

    [Fact]
    public async Task The_command_line_operates_and_says_how_it_ended()
    {
        await node.LaunchAsync("cli");
        var (resized, text, _) = await node.CliAsync(
            "instance", "resize", "cli", "--root", "2G", "--wait");
        Assert.Equal(ExitCode.Success, resized);
        Assert.Contains("resize of the root disk to 2147483648 bytes", text);
        Assert.Contains("done", text);
        var (flattened, json, _) = await node.CliAsync(
            "instance", "flatten", "cli", "--wait", "--json");
        Assert.Equal(ExitCode.Success, flattened);
        Assert.Equal("flatten", JsonDocument.Parse(json).RootElement
            .GetProperty("operation").GetProperty("kind").GetString());
        Assert.Equal(
            ExitCode.Success, (await node.CliAsync("migrate", "cli", "--wait")).Exit);
        Assert.Equal(
            ExitCode.Success, (await node.CliAsync("instance", "rebase", "cli", "--wait")).Exit);
        Assert.Equal(ExitCode.Success, (await node.CliAsync("instance", "cancel", "cli")).Exit);
        Assert.Contains("rebase onto image disk: done",
            (await node.CliAsync("instance", "show", "cli")).Output);

        Assert.Equal(ExitCode.Usage,
            (await node.CliAsync("instance", "resize", "cli", "--root", "much")).Exit);
        Assert.Equal(ExitCode.Usage,
            (await node.CliAsync("instance", "resize", "cli", "--root", "1G")).Exit);
        Assert.Equal(ExitCode.NotFound,
            (await node.CliAsync("instance", "flatten", "nobody")).Exit);
    }

    private static async Task<JsonElement> InfoAsync(InstanceResource instance)
    {
        var disk = instance.Disks[0];
        var text = await ToolAsync("info", "--output=json", "-f", disk.Format, disk.Path);
        return JsonDocument.Parse(text).RootElement;
    }

    private static async Task<string> ToolAsync(params string[] args)
    {
        var start = new ProcessStartInfo("qemu-img", args)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}

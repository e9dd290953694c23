using System.Text.Json;
using NovaCow.Cli;
using NovaCow.Node.Tests.Api;

namespace NovaCow.Node.Tests.Cli;

public sealed class OnlineCommandTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Fact]
    public async Task An_instance_lives_from_launch_to_delete()
    {
        var (launched, table, _) = await node.CliAsync(
            "launch", "disk", "--flavor", "m1.tiny", "--count", "3", "--name", "life", "--wait");
        Assert.Equal(ExitCode.Success, launched);
        Assert.Contains("life-3", table);
        var (_, shown, _) = await node.CliAsync("instance", "show", "life-2", "--json");
        Assert.Equal("active", Json(shown).GetProperty("state").GetString());
        var (deleted, _, _) = await node.CliAsync("instance", "delete", "life-1", "life-2", "life-3");
        Assert.Equal(ExitCode.Success, deleted);
        var (_, left, _) = await node.CliAsync("instance", "list");
        Assert.DoesNotContain("life-", left);
    }

    [Fact]
    public async Task The_id_of_a_deleted_instance_is_a_conflict()
    {
        await node.CliAsync("launch", "disk", "--flavor", "m1.tiny", "--name", "once", "--wait");
        await node.CliAsync("instance", "delete", "once");
        var (again, _, error) = await node.CliAsync(
            "launch", "disk", "--flavor", "m1.tiny", "--name", "once");
        Assert.Equal(ExitCode.Conflict, again);
        Assert.Contains("once", error);
    }

    [Fact]
    public async Task A_long_reason_leaves_the_other_columns_whole()
    {
        var file = node.Image("wide.raw", 2 << 20);
        await node.CliAsync("image", "import", "wide", file);
        File.Delete(file);
        var (exit, table, _) = await node.CliAsync(
            "launch", "wide", "--flavor", "m1.tiny", "--name", "wide-instance", "--wait");
        Assert.Equal(ExitCode.Failed, exit);
        var row = Assert.Single(table.Split('\n'), l => l.StartsWith("wide-instance ", StringComparison.Ordinal));
        Assert.Contains(file, row);
    }

    [Fact]
    public async Task A_wrong_digest_is_a_failure_and_not_a_wrong_command_line()
    {
        var (exit, _, error) = await node.CliAsync(
            "image", "import", "forged", node.Image("forged.raw", 1 << 20),
            "--digest", "sha256:" + new string('0', 64));
        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("forged", error);
    }

    [Fact]
    public async Task An_image_is_imported_shown_and_deleted()
    {
        var file = node.Image("mine.raw", 1 << 20);
        var (imported, _, _) = await node.CliAsync("image", "import", "mine", file, "--min-disk", "1GiB");
        Assert.Equal(ExitCode.Success, imported);
        var (_, shown, _) = await node.CliAsync("image", "show", "mine", "--json");
        Assert.Equal(1L << 30, Json(shown).GetProperty("minDiskBytes").GetInt64());
        Assert.StartsWith("sha256:", Json(shown).GetProperty("digest").GetString());
        var (deleted, _, _) = await node.CliAsync("image", "delete", "mine");
        Assert.Equal(ExitCode.Success, deleted);
        var (missing, _, error) = await node.CliAsync("image", "show", "mine");
        Assert.Equal(ExitCode.NotFound, missing);
        Assert.Contains("mine", error);
    }

    [Fact]
    public async Task Flavors_hosts_and_bases_are_listed()
    {
        await node.LaunchAsync("listed", "m1.small");
        Assert.Contains("m1.xlarge", (await node.CliAsync("flavor", "list")).Output);
        Assert.Contains("512 MiB", (await node.CliAsync("flavor", "show", "m1.small")).Output);
        Assert.Contains("qcow2", (await node.CliAsync("host", "list")).Output);
        Assert.Contains("up", (await node.CliAsync("host", "show", "test")).Output);

        // A host tells of its clones a moment after it has made them.
        await NodeFixture.PollAsync(async () =>
        {
            var (_, bases, _) = await node.CliAsync("base", "list", "--json");
            return Json(bases).EnumerateArray().Any(
                b => b.GetProperty("key").GetString() == "blank-10737418240-ext4"
                    && b.GetProperty("clones").GetInt32() >= 1);
        });
    }

    [Fact]
    public async Task A_refused_image_exits_3()
    {
        var path = Path.Combine(node.Folder, "bad.img");
        await File.WriteAllBytesAsync(path, [0x51, 0x46, 0x49, 0xfb, .. new byte[4096]]);
        var (exit, _, error) = await node.CliAsync("image", "import", "bad", path);
        Assert.Equal(ExitCode.Refused, exit);
        Assert.Contains("qcow2", error);
    }

    [Fact]
    public async Task A_conflict_exits_5()
    {
        await node.LaunchAsync("once");
        var (exit, _, _) = await node.CliAsync("launch", "disk", "--flavor", "m1.small", "--name", "once");
        Assert.Equal(ExitCode.Conflict, exit);
    }

    [Fact]
    public async Task A_launch_without_copy_on_write_is_the_one_with_the_driver_that_copies()
    {
        string[] launch = ["launch", "disk", "--flavor", "m1.tiny", "--name", "nocow", "--wait"];
        var (first, _, _) = await node.CliAsync([.. launch, "--nouse_cow"]);
        var (second, _, _) = await node.CliAsync([.. launch, "--driver", "copy"]);
        var (third, _, _) = await node.CliAsync([.. launch, "--nouse_cow", "--driver", "copy"]);
        Assert.Equal(
            (ExitCode.Success, ExitCode.Success, ExitCode.Success), (first, second, third));
        var (other, _, error) = await node.CliAsync(launch);
        Assert.Equal(ExitCode.Conflict, other);
        Assert.Contains("driver copy", error);

        var (_, shown, _) = await node.CliAsync("instance", "show", "nocow");
        Assert.Contains("copy", shown);
        Assert.Contains("raw", shown);
    }

    [Fact]
    public async Task A_layout_that_its_driver_cannot_make_exits_2_with_the_remedy()
    {
        var (exit, _, error) = await node.CliAsync(
            "launch", "disk", "--name", "odd", "--driver", "reflink", "--layout", "ec2");
        Assert.Equal(ExitCode.Usage, exit);
        Assert.Contains("only the driver copy", error);
    }

    [Fact]
    public async Task A_launch_is_forecast_and_an_instance_explained()
    {
        var (exit, table, _) = await node.CliAsync("launch", "disk", "--dry-run");
        Assert.Equal(ExitCode.Success, exit);
        Assert.Contains("it goes here", table);
        var (nowhere, reasons, _) = await node.CliAsync(
            "launch", "disk", "--dry-run", "--driver", "lvm-thin");
        Assert.Equal(ExitCode.TryAgain, nowhere);
        Assert.Contains("no volume driver lvm-thin", reasons);
        await node.CliAsync("launch", "disk", "--name", "explained", "--wait");
        var (explained, why, _) = await node.CliAsync("explain", "explained");
        Assert.Equal(ExitCode.Success, explained);
        Assert.Contains("ready in", why);
        Assert.Contains("it is here", why);
        await node.CliAsync("instance", "delete", "explained");
    }

    [Fact]
    public async Task A_host_is_shown_with_its_drivers() => Assert.Contains(
        "copy", (await node.CliAsync("host", "show", "test")).Output);

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}

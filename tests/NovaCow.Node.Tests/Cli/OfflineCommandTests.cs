using System.Text.Json;
using NovaCow.Cli;

namespace NovaCow.Node.Tests.Cli;

public sealed class OfflineCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("novacow-cli-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task An_accepted_image_exits_0_and_says_what_it_is()
    {
        var (exit, output, _) = await RunAsync("image", "inspect", Write("disk.raw", new byte[1 << 20]));
        Assert.Equal(ExitCode.Success, exit);
        Assert.Contains("accepted", output);
        Assert.Contains("raw", output);
    }

    [Fact]
    public async Task A_refused_image_exits_3_with_the_rule_in_json()
    {
        var image = Write("bad.img", [0x51, 0x46, 0x49, 0xfb, .. new byte[2048]]);
        var (exit, output, _) = await RunAsync("image", "inspect", image, "--format", "raw", "--json");
        Assert.Equal(ExitCode.Refused, exit);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.Equal("refused", json.GetProperty("verdict").GetString());
        Assert.False(string.IsNullOrEmpty(json.GetProperty("rule").GetString()));
    }

    [Fact]
    public async Task A_missing_image_exits_4_and_is_named()
    {
        var (exit, _, error) = await RunAsync("image", "inspect", "/no/such.img");
        Assert.Equal(ExitCode.NotFound, exit);
        Assert.Contains("/no/such.img", error);
    }

    [Fact]
    public async Task A_configuration_is_shown_as_it_resolves()
    {
        var file = Write("a.conf", "a { b = 2s, c = ${a.b} }"u8.ToArray());
        var (exit, output, _) = await RunAsync("config", "render", file, "--json");
        Assert.Equal(ExitCode.Success, exit);
        Assert.Equal("2s", JsonDocument.Parse(output).RootElement
            .GetProperty("a").GetProperty("c").GetString());
    }

    [Fact]
    public async Task A_wrong_configuration_exits_8_with_file_and_line()
    {
        var file = Write("a.conf", "a {\n  b = ${nope}\n}"u8.ToArray());
        var (exit, _, error) = await RunAsync("config", "render", file);
        Assert.Equal(ExitCode.Configuration, exit);
        Assert.Contains("a.conf:2:", error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public async Task A_wrong_command_line_exits_2_and_points_at_help()
    {
        var (exit, _, error) = await RunAsync("launch", "debian", "--cuont", "3");
        Assert.Equal(ExitCode.Usage, exit);
        Assert.Contains("novacow launch --help", error);
    }

    [Theory]
    [InlineData("--nouse_cow and --driver qcow2", "--nouse_cow", "--driver", "qcow2")]
    [InlineData("zfs", "--driver", "zfs")]
    [InlineData("whole", "--layout", "whole")]
    public async Task Options_of_a_launch_that_cannot_be_exit_2(string says, params string[] options)
    {
        var (exit, _, error) = await RunAsync(["launch", "debian", .. options]);
        Assert.Equal(ExitCode.Usage, exit);
        Assert.Contains(says, error);
    }

    [Fact]
    public async Task A_count_out_of_bounds_exits_2()
    {
        var (exit, _, error) = await RunAsync("launch", "debian", "--count", "0");
        Assert.Equal(ExitCode.Usage, exit);
        Assert.Contains("--count 0", error);
    }

    [Fact]
    public async Task Nobody_at_the_address_exits_7_and_names_it()
    {
        var (exit, _, error) = await RunAsync("host", "list", "--api", "http://127.0.0.1:9");
        Assert.Equal(ExitCode.Unreachable, exit);
        Assert.Contains("127.0.0.1:9", error);
    }

    [Fact]
    public async Task Help_shows_examples()
    {
        var (exit, output, _) = await RunAsync("launch", "--help");
        Assert.Equal(ExitCode.Success, exit);
        Assert.Contains("novacow launch debian-12 --flavor m1.small", output);
    }

    [Fact]
    public async Task A_shell_can_ask_for_completions()
    {
        var (_, output, _) = await RunAsync("[suggest:15]", "novacow image i");
        Assert.Contains("import", output);
        Assert.Contains("inspect", output);
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_is_named()
    {
        var (exit, _, error) = await RunAsync("node", "--log-file", "/no/such/folder/log");
        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("/no/such/folder/log", error);
    }

    [Fact]
    public async Task A_demo_of_more_machines_than_it_can_have_is_refused()
    {
        var image = Write("disk.raw", new byte[1 << 20]);
        var (exit, _, error) = await RunAsync("demo", image, "--boot", "17");
        Assert.Equal(ExitCode.Usage, exit);
        Assert.Contains("--boot 17: expected 0 to 16", error);
    }

    [Fact]
    public async Task A_libvirt_that_cannot_be_reached_is_named_with_what_to_do()
    {
        var data = Path.Combine(_folder.FullName, "data");
        var (exit, _, error) = await RunAsync(
            "dev", "--data", data, "--listen", "http://127.0.0.1:0",
            "--libvirt", "qemu+unix:///system?socket=/no/such/socket");
        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("/no/such/socket", error);
        Assert.Contains("libvirtd", error);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Every_shell_has_its_completion_script(string shell)
    {
        var (exit, output, _) = await RunAsync("completion", shell);
        Assert.Equal(ExitCode.Success, exit);
        Assert.Contains("suggest", output);
    }

    internal static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exit = await CommandLine.RunAsync(args, output, error);
        return (exit, output.ToString(), error.ToString());
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}

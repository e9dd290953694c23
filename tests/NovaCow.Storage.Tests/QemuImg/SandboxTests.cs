using System.Diagnostics;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

public sealed class SandboxTests : IDisposable
{
    private static readonly Tool s_shell = new("sh", "dash");
    private static readonly SandboxLimits s_limits =
        new(TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(1), 1 << 20);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_tool_gets_its_limits_an_empty_environment_and_no_input()
    {
        var said = await RunAsync("ulimit -t; ulimit -v; ulimit -f; ulimit -c; env; cat; echo end");
        string[] expected = ["20", $"{4L << 20}", "2048", "0"];
        Assert.Equal(expected, said.Split('\n')[..4]);
        Assert.DoesNotContain("HOME", said);
        Assert.EndsWith("end\n", said);
    }

    [Fact]
    public async Task Where_we_are_root_a_tool_is_nobody_alone_without_a_network()
    {
        if (Environment.UserName != "root")
            Assert.Skip("this is not root");
        var sandbox = new Sandbox(new SandboxOptions(), note => Assert.Fail(note));
        Assert.Equal((65534u, 65534u), await sandbox.UserAsync());
        var said = await RunAsync(
            "id -u; id -G; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status; "
                + "grep -c : /proc/net/dev; echo $$");
        Assert.StartsWith("65534\n65534\n", said);
        Assert.Contains("CapEff:\t0000000000000000", said);
        Assert.Contains("CapBnd:\t0000000000000000", said);
        Assert.Contains("NoNewPrivs:\t1", said);
        Assert.EndsWith("\n1\n1\n", said);
    }

    [Fact]
    public async Task A_file_that_grows_beyond_its_limit_ends_the_tool()
    {
        var error = await Assert.ThrowsAsync<ToolFailedException>(
            () => RunAsync("exec head -c 2000000 /dev/zero > big"));
        Assert.Contains("failed", error.Message);
    }

    [Fact]
    public async Task A_tool_that_is_late_is_ended_with_its_children()
    {
        var limits = s_limits with { WallClock = TimeSpan.FromMilliseconds(500) };
        var clock = Stopwatch.StartNew();
        var error = await Assert.ThrowsAsync<ToolFailedException>(
            () => RunAsync("sleep 300 & sleep 300", limits));
        Assert.Contains("did not end", error.Message);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(100));
    }

    [Fact]
    public async Task A_tool_that_is_cancelled_is_ended_with_its_children()
    {
        using var cancel = new CancellationTokenSource();
        var running = RunAsync(
            "(sleep 300 & echo begun; wait)", s_limits, _ => cancel.Cancel(), cancel.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task What_a_tool_says_is_bounded_and_cleaned()
    {
        var said = await RunAsync("head -c 3000000 /dev/zero | tr '\\0' x");
        Assert.Equal(1 << 20, said.Length);
        var error = await Assert.ThrowsAsync<ToolFailedException>(
            () => RunAsync("printf 'a\\033[2Jb\\nc' >&2; head -c 9999 /dev/zero >&2; exit 7"));
        Assert.StartsWith("sh failed with 7: a?[2Jb; c", error.Message);
        Assert.InRange(error.Message.Length, 0, 400);
    }

    [Fact]
    public void A_tool_that_is_missing_names_its_package()
    {
        var error = Assert.Throws<PortException>(() => new Tool("mkfs.zfs", "zfsutils").Locate());
        Assert.Equal(LaunchErrorCode.VolumeDriver, error.Error.Code);
        Assert.Contains("mkfs.zfs", error.Message);
        Assert.Contains("zfsutils", error.Message);
    }

    [Theory]
    [InlineData("    (0.00/100%)\r    (12.34/100%)\r", 12.34)]
    [InlineData("(100.00/100%)", 100.0)]
    [InlineData("nothing", null)]
    [InlineData("/100%", null)]
    [InlineData("(x/100%)", null)]
    public void Progress_is_read_from_what_qemu_img_prints(string piece, double? percent) =>
        Assert.Equal(percent, QemuImg.ParsePercent(piece));

    private Task<string> RunAsync(
        string script,
        SandboxLimits? limits = null,
        Action<string>? onOutput = null,
        CancellationToken token = default)
    {
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0x1FF);
        var sandbox = new Sandbox(new SandboxOptions(), _ => { });
        return sandbox.RunAsync(
            s_shell, ["-c", script], _folder.Path, limits ?? s_limits, onOutput, token);
    }
}

using System.Text.Json;
using NovaCow.Actors.Protocols;
using NovaCow.Cli;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Tests.Machines;

public sealed class MachineCommandTests : IClassFixture<MachineFixture>
{
    private readonly MachineFixture _node;

    public MachineCommandTests(MachineFixture node)
    {
        _node = node;
        node.Fleet.ClearConsole();
        node.Fleet.Failure = null;
        node.Fleet.Add("web");
        node.Fleet.Add("db");
    }

    [Fact]
    public async Task Machines_are_stopped_together_and_started_again()
    {
        var (stopped, table, _) = await _node.CliAsync(
            "instance", "stop", "web", "db", "web", "--grace", "2m", "--wait");
        Assert.Equal(ExitCode.Success, stopped);
        Assert.Contains("stopped", table);
        Assert.Equal(3, table.TrimEnd().Split('\n').Length);
        Assert.Equal(
            [new ChangeRequest.Stop(120)], Requests<ChangeRequest.Stop>("db"));
        var (started, json, _) = await _node.CliAsync("instance", "start", "web", "--json");
        Assert.Equal(ExitCode.Success, started);
        Assert.Equal("start", JsonDocument.Parse(json).RootElement[0]
            .GetProperty("operation").GetProperty("kind").GetString());
        await _node.CliAsync("instance", "reboot", "web", "--force");
        Assert.Contains(new ChangeRequest.Reboot(0), Requests<ChangeRequest.Reboot>("web"));
    }

    [Fact]
    public async Task What_is_refused_for_one_is_done_for_the_others_and_told()
    {
        var (exit, table, error) = await _node.CliAsync("instance", "start", "db", "nobody");
        Assert.Equal(ExitCode.NotFound, exit);
        Assert.Contains("db ", table);
        Assert.Contains("nobody: there is none", error);

        _node.Fleet.Failure = new LaunchError(
            LaunchErrorCode.Hypervisor, "instance db: libvirt: no bootable device", false);
        var (failed, _, why) = await _node.CliAsync("instance", "start", "db", "--wait");
        Assert.Equal(ExitCode.Failed, failed);
        Assert.Contains("no bootable device", why);
    }

    [Theory]
    [InlineData("--grace and --force", "stop", "web", "--grace", "5s", "--force")]
    [InlineData("--grace 'soon'", "stop", "web", "--grace", "soon")]
    [InlineData("either --size", "attach", "web")]
    [InlineData("either --size", "attach", "web", "--disk", "data0", "--size", "1G")]
    [InlineData("--size 'big'", "attach", "web", "--size", "big")]
    [InlineData("zfs", "attach", "web", "--size", "1G", "--fs", "zfs")]
    [InlineData("--bytes '-1'", "console", "web", "--bytes", "-1")]
    public async Task What_makes_no_sense_exits_2(string says, params string[] args)
    {
        var (exit, _, error) = await _node.CliAsync(["instance", .. args]);
        Assert.Equal(ExitCode.Usage, exit);
        Assert.Contains(says, error);
    }

    [Fact]
    public async Task Disks_are_attached_and_detached_and_a_root_disk_is_made_anew()
    {
        var (attached, text, _) = await _node.CliAsync(
            "instance", "attach", "web", "--size", "10GiB", "--fs", "ext4", "--label", "pgdata",
            "--wait");
        Assert.Equal(ExitCode.Success, attached);
        Assert.Contains("attach of disk data1", text);
        Assert.Contains(
            new BlankSpec(10L << 30, BlankFileSystem.Ext4) { Label = VolumeLabel.Parse("pgdata") },
            Requests<ChangeRequest.Attach>("web").Select(a => a.Blank));
        Assert.Equal(ExitCode.Success,
            (await _node.CliAsync("instance", "attach", "web", "--disk", "data0")).Exit);
        Assert.Equal(ExitCode.Success,
            (await _node.CliAsync("instance", "detach", "web", "data0", "--delete")).Exit);
        Assert.Contains(
            new ChangeRequest.Detach(DiskName.Data(0), true),
            Requests<ChangeRequest.Detach>("web"));
        var (_, rebuilt, _) = await _node.CliAsync(
            "instance", "rebuild", "web", "deb-13", "--wait");
        Assert.Contains("rebuild from image deb-13", rebuilt);
    }

    [Fact]
    public async Task A_capture_shows_the_image_that_it_made()
    {
        var (asked, operation, _) = await _node.CliAsync("image", "capture", "web", "gold");
        Assert.Equal(ExitCode.Success, asked);
        Assert.Contains("capture of image gold", operation);
        var (made, image, _) = await _node.CliAsync("image", "capture", "web", "gold", "--wait");
        Assert.Equal(ExitCode.Success, made);
        Assert.Contains("sha256:", image);
        Assert.Contains("gold", image);
    }

    [Fact]
    public async Task A_console_is_shown_whole_however_many_answers_that_takes()
    {
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i} é\r\n"));
        _node.Fleet.Print(System.Text.Encoding.UTF8.GetBytes(text));
        var (exit, shown, _) = await _node.CliAsync(
            "instance", "console", "web", "--bytes", "1MiB");
        Assert.Equal(ExitCode.Success, exit);
        Assert.Equal(text, shown);
        var (_, tail, _) = await _node.CliAsync("instance", "console", "web", "--bytes", "9");
        Assert.Equal("19999 é\r\n"[^8..], tail);
    }

    [Fact]
    public async Task A_guest_cannot_steer_a_terminal()
    {
        var filter = new ConsoleFilter();
        byte[] hostile = [.. "\e[2Jé\a"u8, 0xc2];
        Assert.Equal("é?", filter.Clean(hostile));
        Assert.Equal("\r\n\t", filter.Clean([0x9b, .. "31m\r\n\t"u8]));
        Assert.Equal("a", filter.Clean("a\e[1;"u8));
        Assert.Equal("up\n]?", filter.Clean("33Hup\e[3\n\e]\0"u8));
        Assert.Equal("�", new ConsoleFilter().Clean([0xff]));
        _node.Fleet.Print("\e[31mred"u8);
        var (_, raw, _) = await _node.CliAsync("instance", "console", "web", "--raw");
        Assert.Equal("\e[31mred", raw);
    }

    [Fact]
    public async Task Power_and_hypervisors_are_shown()
    {
        Assert.Contains("running", (await _node.CliAsync("instance", "list")).Output);
        var (_, instance, _) = await _node.CliAsync("instance", "show", "web");
        Assert.Contains("running (started) since 2026", instance);
        Assert.Contains("detached", instance);
        Assert.Contains("libvirt (qemu) !", (await _node.CliAsync("host", "list")).Output);
        var (_, host, _) = await _node.CliAsync("host", "show", "host-1");
        Assert.Contains("kvm is not usable", host);
        Assert.Contains("QEMU 7.2", host);
    }

    [Fact]
    public async Task A_machine_is_described_a_line_for_each_argument()
    {
        Assert.Equal("<domain>\n  <name>web</name>\n</domain>\n",
            (await _node.CliAsync("instance", "domain", "web")).Output);
        Assert.Equal("qemu\n-name\nweb\n",
            (await _node.CliAsync("instance", "domain", "web", "--qemu")).Output);
    }

    [Fact]
    public async Task What_a_guest_is_told_is_read_from_files()
    {
        var data = Write("data.yaml", "#cloud-config\npassword: hunter2\n");
        var keys = Write("keys.pub", "# mine\nssh-ed25519 AAAA me\n\nssh-ed25519 BBBB you\n");
        var more = Write("more.pub", "ssh-rsa CCCC them");
        var (exit, output, error) = await _node.CliAsync(
            "launch", "debian", "--name", "told", "--user-data", data, "--ssh-key", keys,
            "--ssh-key", more, "--hostname", "told.example", "--seed", "configdrive");
        Assert.Equal(ExitCode.Success, exit);
        Assert.DoesNotContain("hunter2", output + error);
        Assert.Equal(
            new GuestSetup
            {
                HostName = "told.example",
                UserData = "#cloud-config\npassword: hunter2\n",
                SshKeys = ["ssh-ed25519 AAAA me", "ssh-ed25519 BBBB you", "ssh-rsa CCCC them"],
                Kind = GuestSeedKind.ConfigDrive,
            },
            Launched("told").Guest);
        await _node.CliAsync("launch", "debian", "--name", "plain");
        Assert.Null(Launched("plain").Guest);
        await _node.CliAsync("launch", "debian", "--name", "named", "--seed", "nocloud");
        Assert.Equal(new GuestSetup(), Launched("named").Guest);
    }

    [Fact]
    public async Task What_runs_a_machine_is_asked_for_with_its_launch()
    {
        await _node.CliAsync("launch", "debian", "--name", "booted", "--hypervisor", "libvirt");
        Assert.Equal("libvirt", Launched("booted").Hypervisor);
        await _node.CliAsync("launch", "debian", "--name", "any");
        Assert.Null(Launched("any").Hypervisor);
    }

    [Fact]
    public async Task A_file_that_a_guest_cannot_be_told_is_refused_and_not_repeated()
    {
        var key = Write("id", "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n");
        var large = Write("large", new string('x', GuestSetup.MaxUserDataBytes + 1));
        var bytes = Path.Combine(_node.Folder, "bytes");
        await File.WriteAllBytesAsync(bytes, [0xff, 0xfe]);
        (string Option, string File, int Exit, string Says)[] refused =
        [
            ("--ssh-key", key, ExitCode.Usage, "private key"),
            ("--ssh-key", Write("none", "# nothing\n"), ExitCode.Usage, "no key"),
            ("--user-data", large, ExitCode.Usage, "65536"),
            ("--user-data", bytes, ExitCode.Usage, "UTF-8"),
            ("--user-data", "/no/such/file", ExitCode.NotFound, "/no/such/file"),
        ];
        foreach (var (option, file, expected, says) in refused)
        {
            var (exit, _, error) = await _node.CliAsync(
                "launch", "debian", "--name", "refused", option, file);
            Assert.Equal(expected, exit);
            Assert.Contains(says, error);
            Assert.DoesNotContain("hunter2", error);
        }
    }

    private LaunchOptions Launched(string id) =>
        _node.Fleet.Asked<SchedulerProtocol.Launch>().Last(l => l.Instances[0].Value == id).Options;

    private T[] Requests<T>(string id)
        where T : ChangeRequest =>
        [
            .. _node.Fleet.Asked<SchedulerProtocol.ChangeInstance>()
                .Where(c => c.Id.Value == id).Select(c => c.Request).OfType<T>(),
        ];

    private string Write(string name, string text)
    {
        var path = Path.Combine(_node.Folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}

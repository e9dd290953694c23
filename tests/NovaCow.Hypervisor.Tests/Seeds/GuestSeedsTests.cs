using System.Text;
using System.Text.Json;
using NovaCow.Core;
using NovaCow.Hypervisor.Seeds;
using NovaCow.Hypervisor.Tests.Support;

namespace NovaCow.Hypervisor.Tests.Seeds;

public sealed class GuestSeedsTests : IDisposable
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== jäck's \"a: b\" \\key #";

    private static readonly InstanceId Id = InstanceId.Parse("vm-1");

    private readonly Scratch _scratch = new();
    private readonly GuestSeeds _seeds = new();

    private string Seed => _scratch.At("seed.iso");

    [Fact]
    public async Task A_guest_of_cloud_init_finds_its_seed_by_label_and_reads_who_it_is()
    {
        var setup = new GuestSetup
        {
            HostName = "web.example.com",
            SshKeys = [Key, "ssh-rsa BBBB"],
            UserData = "#!/bin/sh\necho 'äöü😀'\n",
        };
        await WriteAsync(setup);
        Assert.Equal("cidata", await LabelAsync());
        Assert.Equal(setup.UserData, await ReadAsync("/user-data"));

        var metaData = JsonDocument.Parse(await ReadAsync("/meta-data")).RootElement;
        Assert.Equal("vm-1", metaData.GetProperty("instance-id").GetString());
        Assert.Equal("web.example.com", metaData.GetProperty("local-hostname").GetString());
        Assert.Equal(
            setup.SshKeys,
            metaData.GetProperty("public-keys").EnumerateArray().Select(k => k.GetString()!));
    }

    [Fact]
    public async Task A_guest_that_is_told_nothing_else_has_its_id_and_empty_user_data()
    {
        await WriteAsync(new GuestSetup());
        Assert.Equal("#cloud-config\n{}\n", await ReadAsync("/user-data"));
        var metaData = JsonDocument.Parse(await ReadAsync("/meta-data")).RootElement;
        Assert.Equal("vm-1", metaData.GetProperty("local-hostname").GetString());
    }

    [Fact]
    public async Task A_config_drive_is_one_of_openstacks()
    {
        await WriteAsync(new GuestSetup
        {
            Kind = GuestSeedKind.ConfigDrive,
            HostName = "web",
            SshKeys = [Key],
            UserData = "#cloud-config\n",
        });
        Assert.Equal("config-2", await LabelAsync());
        Assert.Equal("#cloud-config\n", await ReadAsync("/openstack/latest/user_data"));
        var metaData = JsonDocument
            .Parse(await ReadAsync("/openstack/latest/meta_data.json")).RootElement;
        Assert.Equal("vm-1", metaData.GetProperty("uuid").GetString());
        Assert.Equal("web", metaData.GetProperty("hostname").GetString());
        Assert.Equal(Key, metaData.GetProperty("public_keys").GetProperty("key-0").GetString());
    }

    [Fact]
    public async Task A_seed_takes_the_place_of_another_and_only_its_owner_reads_it()
    {
        await File.WriteAllTextAsync(Seed, "old");
        await WriteAsync(new GuestSetup { UserData = "new" });
        Assert.Equal("new", await ReadAsync("/user-data"));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Seed));
        Assert.Equal([Seed], Directory.EnumerateFileSystemEntries(_scratch.Root));
    }

    [Fact]
    public async Task In_the_guest_only_root_reads_it()
    {
        await WriteAsync(new GuestSetup { UserData = "secret" });
        var listing = await SystemTool.RunAsync("isoinfo", "-R", "-l", "-i", Seed);
        var line = listing.Split('\n')
            .Single(l => l.EndsWith("user-data ", StringComparison.Ordinal));
        Assert.Matches(@"^-r--------\s+1\s+0\s+0\s", line);
    }

    [Fact]
    public async Task What_a_crash_left_is_removed_by_the_next_write()
    {
        var left = Directory.CreateDirectory(Seed + GuestSeeds.TemporarySuffix + "/content/x");
        await WriteAsync(new GuestSetup { UserData = "new" });
        Assert.Equal("new", await ReadAsync("/user-data"));
        Assert.False(Directory.Exists(left.FullName));
    }

    [Fact]
    public async Task A_write_that_is_given_up_leaves_the_old_seed()
    {
        await File.WriteAllTextAsync(Seed, "old");
        var given = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _seeds.WriteAsync(Seed, Id, new GuestSetup(), given));
        Assert.Equal("old", await File.ReadAllTextAsync(Seed));
        Assert.Equal([Seed], Directory.EnumerateFileSystemEntries(_scratch.Root));
    }

    [Fact]
    public async Task What_may_not_be_told_is_refused_without_a_word_of_it()
    {
        var e = await Assert.ThrowsAsync<PortException>(
            () => WriteAsync(new GuestSetup { SshKeys = ["BEGIN PRIVATE KEY"] }));
        Assert.Equal(LaunchErrorCode.InvalidRequest, e.Error.Code);
        Assert.DoesNotContain("BEGIN", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch.Root));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_a_failure_that_says_so()
    {
        var e = await Assert.ThrowsAsync<PortException>(() => _seeds.WriteAsync(
            "/proc/no/seed.iso", Id, new GuestSetup(), CancellationToken.None));
        Assert.Equal(LaunchErrorCode.Hypervisor, e.Error.Code);
        Assert.Contains("/proc/no/seed.iso", e.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private Task WriteAsync(GuestSetup setup) =>
        _seeds.WriteAsync(Seed, Id, setup, CancellationToken.None);

    private async Task<string> LabelAsync() => (await SystemTool.RunAsync(
        "blkid", "-p", "-s", "LABEL", "-o", "value", Seed)).Trim();

    private Task<string> ReadAsync(string file) =>
        SystemTool.RunAsync("isoinfo", "-R", "-i", Seed, "-x", file);
}

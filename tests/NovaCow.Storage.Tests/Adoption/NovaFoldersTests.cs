using NovaCow.Core;

namespace NovaCow.Storage.Tests;

public sealed class NovaFoldersTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private readonly TempFolder _folder = new();
    private readonly NovaFolder _nova;

    public NovaFoldersTests() => _nova = new NovaFolder(_folder.File("instances"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_instance_is_read_with_its_disks_formats_base_and_size()
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        var found = await ScanAsync(withDigests: true);

        var instance = Assert.Single(found.Instances);
        Assert.Null(instance.Problem);
        Assert.Equal(NovaFolder.First, instance.Id.Value);
        Assert.Equal((4, 2L << 30), (instance.VCpus, instance.MemoryBytes));
        Assert.Equal(["console.log"], instance.LeftAlone);
        Assert.Equal(
            [("root", "qcow2", 64 * MiB), ("ephemeral0", "qcow2", 16 * MiB), ("swap", "raw", MiB)],
            instance.Disks.Select(d => (d.Name.Value, d.Format, d.VirtualSizeBytes)));
        Assert.Equal([_nova.Base, null, null], instance.Disks.Select(d => d.BackingPath));
        var volume = Assert.Single(found.Bases);
        Assert.Equal((_nova.Base, 4 * MiB), (volume.Path, volume.SizeBytes));
        Assert.Equal(TestImages.DigestOf(_nova.Base), volume.Digest);
    }

    [Fact]
    public async Task A_folder_that_was_moved_here_finds_its_bases_by_their_names()
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        var name = Path.GetFileName(_nova.Base);
        await _nova.OverlayAsync(
            NovaFolder.Second, "disk", $"/var/lib/nova/instances/_base/{name}", "8M");
        _nova.Describe(NovaFolder.Second, ("disk", "qcow2"));
        var found = await ScanAsync();
        Assert.All(found.Instances, i => Assert.Equal(_nova.Base, i.Disks[0].BackingPath));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/var/lib/nova/instances/_base/../../secret")]
    [InlineData("/var/lib/nova/instances/_base/nosuch")]
    [InlineData("nbd://127.0.0.1/x")]
    [InlineData("json:{}")]
    public async Task A_disk_over_anything_but_a_base_of_the_folder_is_a_problem(string backing)
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        await _nova.OverlayAsync(NovaFolder.Second, "disk", backing, "8M");
        _nova.Describe(NovaFolder.Second, ("disk", "qcow2"));
        var problem = (await ScanAsync()).Instances[1].Problem;
        Assert.Contains($"lies over {backing}", problem);
    }

    [Fact]
    public async Task A_base_that_is_a_link_to_elsewhere_is_not_followed()
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        File.Move(_nova.Base, _folder.File("elsewhere"));
        File.CreateSymbolicLink(_nova.Base, _folder.File("elsewhere"));
        Assert.Contains("lies over", Assert.Single((await ScanAsync()).Instances).Problem);
    }

    [Fact]
    public async Task A_disk_whose_format_nothing_names_is_never_guessed_at()
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        File.WriteAllText($"{_nova.Root}/{NovaFolder.First}/disk.info", "{");
        File.Delete($"{_nova.Root}/{NovaFolder.First}/libvirt.xml");
        Assert.Contains(
            "says its format", Assert.Single((await ScanAsync()).Instances).Problem);
    }

    [Fact]
    public async Task A_disk_that_cannot_be_read_when_it_is_adopted_is_a_problem_before()
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        var disk = $"{_nova.Root}/{NovaFolder.First}/disk";
        await TestTool.RunAsync("qemu-img", "snapshot", "-c", "one", disk);
        Assert.Contains("snapshots", Assert.Single((await ScanAsync()).Instances).Problem);
        File.WriteAllText(disk, "not a disk");
        Assert.Contains("no header", Assert.Single((await ScanAsync()).Instances).Problem);
    }

    [Fact]
    public async Task A_description_that_names_an_entity_of_another_file_is_not_expanded()
    {
        TestTool.Need("qemu-img");
        await _nova.MakeAsync();
        File.WriteAllText($"{_nova.Root}/{NovaFolder.First}/libvirt.xml", """
            <!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>
            <domain><vcpu>8</vcpu><memory>&x;</memory></domain>
            """);
        var instance = Assert.Single((await ScanAsync()).Instances);
        Assert.Equal((1, 0L), (instance.VCpus, instance.MemoryBytes));
    }

    [Fact]
    public async Task Only_the_folders_of_the_configuration_are_looked_at()
    {
        Directory.CreateDirectory($"{_nova.Root}/_base");
        foreach (var path in (string[])["/etc", $"{_nova.Root}/..", $"{_nova.Root}/_base"])
        {
            var error = await Assert.ThrowsAsync<PortException>(
                () => new NovaFolders([_nova.Root]).ScanAsync(path, false, default));
            Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
            Assert.Contains(NovaFolders.FoldersKey, error.Message);
        }
    }

    [Fact]
    public async Task A_folder_without_bases_is_not_laid_out_as_Novas()
    {
        Directory.CreateDirectory(_nova.Root);
        var error = await Assert.ThrowsAsync<PortException>(() => ScanAsync());
        Assert.Contains("_base", error.Message);
    }

    private Task<ForeignFolder> ScanAsync(bool withDigests = false) =>
        new NovaFolders([_nova.Root]).ScanAsync(_nova.Root, withDigests, default);
}

using NovaCow.Core;
using NovaCow.Node.Settings;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Node.Tests.Settings;

public sealed class FlavorReaderTests : IDisposable
{
    private readonly string _file = Path.Combine(
        Path.GetTempPath(), $"novacow-flavors-{Guid.NewGuid():N}.conf");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Several_local_disks_each_have_their_size_and_file_system()
    {
        var flavor = Assert.Single(SettingsReader.Load(null, """
            novacow.flavors."db" {
              vcpus = 2, memory = 4GiB, root = 0, swap = 1GiB
              ephemeral = [
                { size = 20GiB, fs = xfs }, { size = 1GiB, fs = ntfs }, { size = 2GiB }
                { size = 3GiB, fs = default }
              ]
            }
            """).Flavors);
        Assert.Equal(
            [
                new BlankSpec(20L << 30, BlankFileSystem.Xfs),
                new BlankSpec(1L << 30, BlankFileSystem.Ntfs),
                new BlankSpec(2L << 30, BlankFileSystem.Ext4) { IsByOsType = true },
                new BlankSpec(3L << 30, BlankFileSystem.Ext4) { IsByOsType = true },
            ],
            flavor.EphemeralDisks);
    }

    [Fact]
    public void File_systems_by_os_type_are_added_to_and_replaced()
    {
        var policy = SettingsReader.Load(null, """
            novacow.control.ephemeral-fs { default = xfs, windows = vfat, freebsd = raw }
            """).Control.EphemeralFileSystems;
        Assert.Equal(BlankFileSystem.Xfs, policy.Default);
        Assert.Equal(
            ["freebsd: Raw", "linux: Ext4", "windows: Vfat"],
            policy.ByOsType.Select(p => $"{p.Key}: {p.Value}").Order());
    }

    [Fact]
    public void Without_copy_on_write_disks_are_copied()
    {
        Assert.Equal(DriverName.Qcow2, SettingsReader.Load(null).Host.Driver);
        Assert.Equal(
            DriverName.Copy, SettingsReader.Load(null, "novacow.host.use-cow = false").Host.Driver);
    }

    [Theory]
    [InlineData("{ fs = zfs, size = 1GiB }", "fs", "ntfs, or default")]
    [InlineData("{ fs = swap, size = 1GiB }", "fs", "raw, ext4")]
    [InlineData("{ fs = ext4, size = 0 }", "size", "1 MiB or more")]
    [InlineData("{ size = 1048577 }", "size", "multiples of 512")]
    [InlineData("{ fs = xfs, size = 299MiB }", "size", "300 MiB or more")]
    [InlineData("{ fs = ext4 }", "size", "not set")]
    [InlineData("{ size = 1GiB, label = x }", "label", "unknown")]
    public void A_wrong_local_disk_is_told_with_its_line(string disk, string key, string remedy) =>
        Wrong("{ vcpus = 1, memory = 1GiB, root = 0\n ephemeral = [" + disk + "] }",
            ":2:", $"ephemeral[0].{key}", remedy);

    [Theory]
    [InlineData("{ vcpus = 1, memory = 1GiB, root = 0, swap = 1000 }", "swap", "1 MiB or more")]
    [InlineData("{ vcpus = 0, memory = 1GiB, root = 0 }", "vcpus", "1 or more")]
    public void A_wrong_size_is_told_with_its_line(string flavor, string key, string remedy) =>
        Wrong(flavor, ":1:", key, remedy);

    [Fact]
    public void More_local_disks_than_there_are_names_are_refused()
    {
        var disks = string.Join(", ", Enumerable.Repeat("{ size = 1GiB }", 17));
        Wrong($"{{ vcpus = 1, memory = 1GiB, root = 0\n ephemeral = [{disks}] }}",
            ":2:", "ephemeral", "16 at most");
    }

    [Theory]
    [InlineData("linux = zfs", "linux", "raw, ext4")]
    [InlineData("\"Big OS\" = ext4", "Big OS", "a-z")]
    [InlineData("default = default", "default", "raw, ext4")]
    public void A_wrong_file_system_of_an_os_type_is_told_with_its_line(
        string line, string key, string remedy)
    {
        File.WriteAllText(_file, $"novacow.control.ephemeral-fs {{\n {line}\n}}");
        Told(":2:", key, remedy);
    }

    private void Wrong(string flavor, string line, string key, string remedy)
    {
        File.WriteAllText(_file, $"novacow.flavors.x {flavor}");
        Told(line, key, remedy);
    }

    private void Told(string line, string key, string remedy)
    {
        var e = Assert.Throws<ConfigurationException>(() => SettingsReader.Load(_file));
        Assert.Contains(Path.GetFileName(_file) + line, e.Message);
        Assert.Contains(key, e.Message);
        Assert.Contains(remedy, e.Message);
    }
}

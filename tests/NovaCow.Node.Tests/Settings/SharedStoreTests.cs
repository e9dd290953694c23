using NovaCow.Core;
using NovaCow.Node.Settings;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Node.Tests.Settings;

public sealed class SharedStoreTests
{
    private static HostSettings Load(string settings) => SettingsReader.Load(
        null, $"novacow.host {{ store = /mnt/shared/rack-1/host-1\n{settings} }}").Host;

    [Fact]
    public void A_store_is_its_hosts_alone_unless_it_has_a_shared_name() =>
        Assert.Null(Load("").SharedStore);

    [Theory]
    [InlineData("shared-store.name = nfs", "/mnt/shared/rack-1", "host-1")]
    [InlineData("shared-store { name = nfs, root = /mnt/shared }", "/mnt/shared", "rack-1/host-1")]
    [InlineData("shared-store { name = nfs, root = / }", "/", "mnt/shared/rack-1/host-1")]
    public void Others_find_it_by_its_folder_below_the_file_systems_root(
        string settings, string root, string folder) => Assert.Equal(
            new SharedStoreSettings(new SharedStore("nfs", folder), root),
            Load(settings).SharedStore);

    [Theory]
    [InlineData("shared-store { name = nfs, root = /mnt/other }", "that the store, /mnt/")]
    [InlineData(
        "shared-store { name = nfs, root = /mnt/shared/rack-1/host-1 }", "expected a folder")]
    [InlineData("shared-store.root = /mnt/shared", "expected a name beside it")]
    [InlineData("shared-store.name = \"a b\"", "only a-z")]
    [InlineData(
        "shared-store.name = nfs, driver = lvm-thin, lvm { group = g, pool = p }", "lvm-thin")]
    public void What_no_other_host_could_find_is_a_mistake(string settings, string why)
    {
        var mistake = Assert.Throws<ConfigurationException>(() => Load(settings));
        Assert.Contains("shared-store", mistake.Message, StringComparison.Ordinal);
        Assert.Contains(why, mistake.Message, StringComparison.Ordinal);
    }
}

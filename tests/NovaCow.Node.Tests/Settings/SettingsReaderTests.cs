using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Node.Settings;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Node.Tests.Settings;

public sealed class SettingsReaderTests : IDisposable
{
    private readonly string _file = Path.Combine(
        Path.GetTempPath(), $"novacow-settings-{Guid.NewGuid():N}.conf");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void The_reference_configuration_is_a_whole_configuration()
    {
        var settings = SettingsReader.Load(null);
        Assert.True(settings is { IsControl: true, IsHost: true });
        Assert.Equal(new Uri("http://127.0.0.1:7600"), settings.Listen);
        Assert.Equal(settings.Listen, settings.Advertise);
        Assert.Equal(TimeSpan.FromSeconds(3), settings.Control.Lease);
        Assert.Equal("/var/lib/novacow/store", settings.Host.StorePath);
        Assert.Equal(1L << 30, settings.Host.ReserveBytes);
        Assert.Equal((2, null), (settings.Host.MaxChanges, settings.Host.ChangeBytesPerSecond));
        Assert.Equal((64L << 20, null), (settings.Host.ScrubRate, settings.Host.ScrubEvery));
        Assert.Empty(settings.Images.FileRoots);
    }

    [Theory]
    [InlineData("control.conf", true, false)]
    [InlineData("host.conf", false, true)]
    public void The_examples_load(string file, bool control, bool host)
    {
        var settings = SettingsReader.Load(Path.Combine(AppContext.BaseDirectory, "hocon", file));
        Assert.Equal((control, host), (settings.IsControl, settings.IsHost));
    }

    [Fact]
    public void A_data_folder_moves_everything_that_is_not_placed_by_itself()
    {
        var settings = SettingsReader.Load(null, """
            novacow.data = /srv/cow
            novacow.control.staging = /scratch
            """);
        Assert.Equal(new StoreSettings.Sqlite("/srv/cow/control.db"), settings.Control.Store);
        Assert.Equal("/srv/cow/store", settings.Host.StorePath);
        Assert.Equal("/scratch", settings.Control.StagingPath);
    }

    [Fact]
    public void A_store_may_be_a_database_with_its_password_in_a_file()
    {
        var settings = SettingsReader.Load(null, """
            novacow.control.store = "postgresql://node@db:6000/cow?sslmode=verify-full"
            novacow.control.postgres { password-file = /run/secret, migrate = true, role = app }
            """);
        var options = Assert.IsType<StoreSettings.Postgres>(settings.Control.Store).Options;
        Assert.Equal("postgresql://node@db:6000/cow", options.Address.ToString());
        Assert.Equal(
            ("/run/secret", true, "app"), (options.PasswordFile, options.Migrate, options.Role));
    }

    [Fact]
    public void A_command_line_setting_wins_over_the_file()
    {
        File.WriteAllText(_file, "novacow { name = from-file, roles = [host] }");
        var settings = SettingsReader.Load(_file, "novacow.name = from-line");
        Assert.Equal("from-line", settings.Name.Value);
        Assert.False(settings.IsControl);
    }

    [Fact]
    public void Hosts_dial_the_address_where_the_same_node_listens_unless_told_otherwise()
    {
        var settings = SettingsReader.Load(null, "novacow.api.listen = \"http://127.0.0.1:7700\"");
        Assert.Equal([new Uri("http://127.0.0.1:7700")], settings.Host.Seeds);
    }

    [Fact]
    public void Flavors_are_read_with_their_disks()
    {
        var settings = SettingsReader.Load(null, """
            novacow.flavors."ci.small" {
              vcpus = 2, memory = 4GiB, root = 0, ephemeral = [{ size = 20GiB, fs = xfs }]
            }
            """);
        var flavor = Assert.Single(settings.Flavors);
        Assert.Equal("ci.small", flavor.Name.Value);
        Assert.Equal(4L << 30, flavor.MemoryBytes);
        Assert.Equal([new BlankSpec(20L << 30, BlankFileSystem.Xfs)], flavor.EphemeralDisks);
        Assert.Equal(0, flavor.SwapBytes);
    }

    [Theory]
    [InlineData("novacow {\n  hosst { store = /x }\n}", ":2:", "novacow.hosst.store", "novacow.host.store")]
    [InlineData("novacow {\n  control.lease = soon\n}", ":2:", "novacow.control.lease", "soon")]
    [InlineData("novacow.roles = [king]", ":1:", "novacow.roles", "control, host")]
    [InlineData("novacow.name = \"a b\"", ":1:", "novacow.name", "a-z")]
    [InlineData("novacow.api.listen = 7600", ":1:", "novacow.api.listen", "http://")]
    [InlineData("novacow.host.max-builds = 0", ":1:", "novacow.host.max-builds", "1 or more")]
    [InlineData("novacow.host.max-changes = 0", ":1:", "novacow.host.max-changes", "1 or more")]
    [InlineData("novacow.host.change-rate = 64", ":1:", "novacow.host.change-rate", "1MiB")]
    [InlineData("novacow.host.scrub-rate = 100", ":1:", "novacow.host.scrub-rate", "1MiB")]
    [InlineData("novacow.host.scrub-every = 0s", ":1:", "novacow.host.scrub-every", "more than")]
    [InlineData("novacow.host.labels.zone = A", ":1:", "novacow.host.labels", "a-z")]
    [InlineData("novacow.host.overcommit.disk = 0", ":1:", "novacow.host.overcommit.disk", "0.1")]
    [InlineData("novacow.control.max-waiting-per-project = 0", ":1:", "per-project", "1 or more")]
    [InlineData("novacow.host.seeds = []", ":1:", "novacow.host.seeds", "at least one")]
    [InlineData("novacow.control.store = \"postgresql://a:b@h/d\"", ":1:", "novacow.control.store", "password-file")]
    [InlineData("novacow.control.store = \"mysql://a@h/d\"", ":1:", "novacow.control.store", "postgresql://")]
    [InlineData("novacow.log-level = loud", ":1:", "novacow.log-level", "warning")]
    [InlineData("novacow.flavors.x { vcpus = 1, ram = 1GiB }", ":1:", "ram", "unknown")]
    [InlineData("novacow { name = ", ":1:", "", "")]
    public void A_mistake_is_told_with_its_file_line_key_and_remedy(
        string text, string line, string key, string remedy)
    {
        File.WriteAllText(_file, text);
        var e = Assert.Throws<ConfigurationException>(() => SettingsReader.Load(_file));
        Assert.Contains(Path.GetFileName(_file) + line, e.Message);
        Assert.Contains(key, e.Message);
        Assert.Contains(remedy, e.Message);
    }

    [Fact]
    public void A_hosts_labels_and_ratios_are_read()
    {
        var plain = SettingsReader.Load(null);
        Assert.Empty(plain.Host.Labels);
        Assert.Null(plain.Host.Overcommit);
        Assert.Null(plain.Control.MaxWaitingPerProject);

        var settings = SettingsReader.Load(null, """
            novacow.host.labels { zone = a, disk = nvme, rack = 7 }
            novacow.host.overcommit.disk = 2.5
            """).Host;
        Assert.Equal(
            ["disk=nvme", "rack=7", "zone=a"], settings.Labels.Select(l => l.ToString()));
        Assert.Equal(new HostOvercommit(null, null, 2.5), settings.Overcommit);

        var many = string.Join(", ", Enumerable.Range(1, 33).Select(i => $"l{i} = x"));
        var e = Assert.Throws<ConfigurationException>(
            () => SettingsReader.Load(null, $"novacow.host.labels {{ {many} }}"));
        Assert.Contains("32 at most", e.Message);
    }

    [Fact]
    public void A_missing_file_is_told_by_name()
    {
        var e = Assert.Throws<ConfigurationException>(() => SettingsReader.Load("/no/such.conf"));
        Assert.Contains("/no/such.conf", e.Message);
    }
}

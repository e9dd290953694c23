using NovaCow.Node.Settings;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Node.Tests.Settings;

public sealed class TlsSettingsTests
{
    private const string All = """
        novacow.tls { ca = /t/ca.crt, certificate = /t/a.crt, key = /t/a.key }

        """;

    private const string Secure = "novacow.api.listen = \"https://127.0.0.1:7600\"\n";

    [Fact]
    public void There_is_no_TLS_unless_it_is_set() =>
        Assert.Null(SettingsReader.Load(null, "novacow.name = a").Tls);

    [Fact]
    public void With_certificates_everything_is_https()
    {
        var settings = SettingsReader.Load(null, $"novacow.name = a\n{All}{Secure}");
        Assert.Equal("/t/a.key", settings.Tls!.Paths.Key);
        Assert.Null(settings.Tls.AuthorityKeyPath);
        Assert.Equal(TimeSpan.FromDays(90), settings.Tls.HostLife);
        Assert.Equal("https", settings.Host.Seeds[0].Scheme);
    }

    [Theory]
    [InlineData(All, "novacow.api.listen", "write https://127.0.0.1:7600")]
    [InlineData(Secure, "novacow.api.listen", "set novacow.tls")]
    [InlineData(
        All + Secure + "novacow.api.advertise = \"http://a:1\"", "novacow.api.advertise",
        "write https://a:1")]
    [InlineData(
        All + Secure + "novacow.host.seeds = [\"http://a:1\"]", "novacow.host.seeds",
        "write https://a:1")]
    [InlineData("novacow.tls.ca = /t/ca.crt", "novacow.api.listen", "https")]
    [InlineData(Secure + "novacow.tls.ca = /t/ca.crt", "novacow.tls.certificate", "all three")]
    [InlineData("novacow.tls.authority-key = /t/ca.key", "novacow.tls.authority-key", "needs TLS")]
    public void What_does_not_fit_together_is_refused_with_the_key_and_the_remedy(
        string settings, string key, string remedy)
    {
        var error = Assert.Throws<ConfigurationException>(
            () => SettingsReader.Load(null, $"novacow.name = a\n{settings}"));
        Assert.Contains(key, error.Message);
        Assert.Contains(remedy, error.Message);
    }
}

using NovaCow.Cli;
using NovaCow.Security;

namespace NovaCow.Node.Tests.Cli;

public sealed class CaCommandTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("novacow-ca-");

    private string Authority => Path.Combine(_folder.FullName, "ca");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task An_authority_is_made_once_and_its_files_are_its_owners()
    {
        Assert.Equal(ExitCode.Success, (await RunAsync("ca", "init", Authority)).Exit);
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(Authority));
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(Authority, "ca.key")));
        var (exit, error) = await RunAsync("ca", "init", Authority);
        Assert.Equal(ExitCode.Configuration, exit);
        Assert.Contains("is not overwritten", error);
    }

    [Fact]
    public async Task A_certificate_is_issued_that_a_node_can_use()
    {
        await RunAsync("ca", "init", Authority);
        var output = Path.Combine(_folder.FullName, "out");
        var (exit, error) = await RunAsync(
            "ca", "issue", Authority, "--role", "control", "--name", "c1", "--address", "10.0.0.1",
            "--address", "c1.example", "--days", "30", "--out", output);
        Assert.True(exit == ExitCode.Success, error);
        var paths = new CredentialPaths(
            Path.Combine(output, "ca.crt"), Path.Combine(output, "c1.crt"),
            Path.Combine(output, "c1.key"));
        var own = Credentials.Load(paths, DateTimeOffset.UtcNow);
        Assert.Equal(CertifiedName.Of(ClusterRole.Control, "c1"), own.Name);
        Assert.True(own.Certificate.MatchesHostname("10.0.0.1"));
        Assert.True(own.Certificate.MatchesHostname("c1.example"));
        Assert.False(own.Certificate.MatchesHostname("10.0.0.2"));
    }

    [Theory]
    [InlineData("root", "a", "30", "role")]
    [InlineData("host", "No Name", "30", "host name")]
    [InlineData("host", "a", "0", "--days")]
    public async Task What_cannot_be_issued_is_refused_by_name(
        string role, string name, string days, string said)
    {
        await RunAsync("ca", "init", Authority);
        var (exit, error) = await RunAsync(
            "ca", "issue", Authority, "--role", role, "--name", name, "--days", days,
            "--out", _folder.FullName);
        Assert.NotEqual(ExitCode.Success, exit);
        Assert.Contains(said, error);
        Assert.DoesNotContain("   at ", error);
    }

    [Theory]
    [InlineData("--token-file /no/such", "/no/such")]
    [InlineData("", "NOVACOW_TOKEN")]
    public async Task A_join_without_a_token_says_how_to_give_one(string option, string said)
    {
        var (exit, error) = await RunAsync(
        [
            "host", "join", "--seed", "https://127.0.0.1:1", "--name", "a", "--out",
            Path.Combine(_folder.FullName, "a"),
            .. option.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ]);
        Assert.NotEqual(ExitCode.Success, exit);
        Assert.Contains(said, error);
    }

    [Fact]
    public async Task Half_a_certificate_is_refused_with_what_is_missing()
    {
        var (exit, error) = await RunAsync("host", "list", "--cert", "/tmp/a.crt");
        Assert.Equal(ExitCode.Usage, exit);
        Assert.Contains("--key", error);
    }

    private static async Task<(int Exit, string Error)> RunAsync(params string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exit = await CommandLine.RunAsync(args, output, error);
        return (exit, error.ToString());
    }
}

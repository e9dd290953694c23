using System.Net;
using System.Net.Security;
using System.Text.Json;
using NovaCow.Cli;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;
using NovaCow.Security;

namespace NovaCow.Cluster.Tests;

/// <summary>A cluster with certificates, of real processes: who gets in, and who does not.</summary>
public sealed class TlsTests : IAsyncDisposable
{
    private readonly TestCluster _cluster = new(isSecure: true);

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Three_nodes_with_certificates_form_a_cluster_and_launch()
    {
        await _cluster.StartControlAsync();
        await _cluster.StartHostAsync("host-1");
        await _cluster.StartHostAsync("host-2");
        var image = Path.Combine(_cluster.Folder, "disk.raw");
        await File.WriteAllBytesAsync(image, new byte[1 << 20]);
        await _cluster.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "disk", Source = image }, default);
        await _cluster.LaunchAsync("vm", 4, TimeSpan.FromSeconds(150));
        await _cluster.UntilAllAreAsync("active", 4);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1", "host-2");
    }

    [Fact]
    public async Task A_machine_joins_by_a_token_renews_its_certificate_and_nobody_takes_its_name()
    {
        await _cluster.StartControlAsync();
        var token = await TokenAsync(host: null);
        var folder = Path.Combine(_cluster.Folder, "joined");
        var (exit, _, error) = await JoinAsync(token, "host-1", folder);
        Assert.True(exit == ExitCode.Success, error);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(folder, "host.key")));

        // As it is after most of its life.
        var old = _cluster.Authority.Issue(
            ClusterRole.Host, "host-1", TimeSpan.FromHours(1), TimeSpan.FromMinutes(50));
        File.Copy(old.Certificate, Path.Combine(folder, "host.crt"), overwrite: true);
        File.Copy(old.Key, Path.Combine(folder, "host.key"), overwrite: true);
        var first = await File.ReadAllTextAsync(old.Certificate);
        _cluster.StartFrom("host-1", Path.Combine(folder, "host.conf"));
        await _cluster.UntilHostIsAsync("host-1", "up");

        await Eventually.TrueAsync(
            "the certificate is renewed",
            async () => await File.ReadAllTextAsync(Path.Combine(folder, "host.crt")) != first,
            _cluster.Logs);
        await _cluster.UntilHostIsAsync("host-1", "up");

        (exit, _, error) = await JoinAsync(token, "host-1", folder + "-2");
        Assert.Equal(ExitCode.Denied, exit);
        Assert.Contains("has joined before", error);
        Assert.False(File.Exists(folder + "-2/host.key"));
        (exit, _, error) = await JoinAsync(await TokenAsync("host-1"), "host-1", folder + "-2");
        Assert.True(exit == ExitCode.Success, error);
    }

    [Fact]
    public async Task A_token_that_is_expired_forged_or_of_another_host_is_refused()
    {
        await _cluster.StartControlAsync();
        var folder = Path.Combine(_cluster.Folder, "joined");
        var (exit, _, error) = await JoinAsync(await TokenAsync("host-1"), "host-2", folder);
        Assert.Equal(ExitCode.Denied, exit);
        Assert.Contains("is for host host-1", error);

        var key = _cluster.Authority.Authority.Derive(JoinToken.Purpose);
        var expired = new JoinToken
        {
            Authority = CertificateJudge.Fingerprint(_cluster.Authority.Authority.Certificate),
            Host = "host-2",
            Until = DateTimeOffset.UtcNow.AddSeconds(-5),
        };
        for (var i = 0; i < 3; i++)
        {
            (exit, _, error) = await JoinAsync(expired.Seal(key), "host-2", folder);
            Assert.Equal(ExitCode.Denied, exit);
            Assert.Contains("expired", error);
        }

        await SaysAsync("token expired");
        Assert.Single(_cluster.Node("control").Output.Split('\n'), l => l.Contains("token expired"));
        var forged = expired with { Until = DateTimeOffset.UtcNow.AddHours(1) };
        (exit, _, error) = await JoinAsync(forged.Seal(new byte[32]), "host-2", folder);
        Assert.Equal(ExitCode.Denied, exit);
        Assert.Contains("not made by this cluster", error);
        var foreign = forged with { Authority = new string('0', 64) };
        (exit, _, error) = await JoinAsync(foreign.Seal(key), "host-2", folder);
        Assert.Equal(ExitCode.Configuration, exit);
        Assert.Contains("not of the cluster that the token is for", error);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task The_API_answers_each_certificate_by_its_role()
    {
        await _cluster.StartControlAsync();
        using var other = new TestAuthority(Path.Combine(_cluster.Folder, "other"));
        var own = _cluster.Authority;
        var foreign = other.Issue(ClusterRole.Operator, "mallory");
        var expired = own.Issue(
            ClusterRole.Operator, "late", TimeSpan.FromMinutes(1), TimeSpan.FromHours(1));
        await StatusesAreAsync(own.Issue(ClusterRole.Operator, "alice"), (200, 200, 200));
        await StatusesAreAsync(own.Issue(ClusterRole.Control, "control"), (200, 200, 200));
        await StatusesAreAsync(own.Issue(ClusterRole.Host, "host-1"), (200, 403, 200));
        await StatusesAreAsync(null, (200, 401, 401));
        await StatusesAreAsync(foreign, (200, 401, 401));
        await StatusesAreAsync(expired, (200, 401, 401));

        await SaysAsync("not issued by this cluster's authority");
        await SaysAsync("valid from");
        Assert.DoesNotContain("   at ", _cluster.Node("control").Output);
    }

    [Fact]
    public async Task Who_may_not_link_is_told_why_once_and_the_cluster_goes_on()
    {
        await _cluster.StartControlAsync();
        await _cluster.StartHostAsync("host-1");
        using var other = new TestAuthority(Path.Combine(_cluster.Folder, "other"));
        var own = _cluster.Authority;

        // A host of another authority does not trust this cluster, and the other way round.
        await SaysOnceAsync(
            "stranger", other.Issue(ClusterRole.Host, "stranger"), "the server is not trusted");

        var impostor = _cluster.Start(
            "impostor", "host",
            [.. _cluster.Settings, .. TestAuthority.Settings(own.Issue(ClusterRole.Host, "host-1"))]);
        Assert.Equal(1, await impostor.ExitAsync());
        Assert.Contains("certificate is for host host-1", impostor.Output);
        var person = _cluster.Start(
            "person", "host",
            [.. _cluster.Settings,
                .. TestAuthority.Settings(own.Issue(ClusterRole.Operator, "person"))]);
        Assert.Equal(1, await person.ExitAsync());
        Assert.Contains("certificate is for operator person", person.Output);

        await _cluster.UntilHostIsAsync("host-1", "up");
        Assert.Single((await _cluster.Client.ListHostsAsync(default)).Items);
    }

    [Theory]
    [InlineData("novacow.api.listen=\"http://127.0.0.1:0\"", "api.listen")]
    [InlineData("novacow.host.seeds=[\"http://127.0.0.1:7600\"]", "host.seeds")]
    [InlineData("novacow.tls.key=null", "tls.key")]
    public async Task Half_of_the_settings_for_TLS_is_refused_with_the_remedy(
        string setting, string key)
    {
        // Its seed, which it does not come to look for.
        _cluster.Address("control");
        var paths = _cluster.Authority.Issue(ClusterRole.Host, "third");
        var node = _cluster.Start(
            "third", "host", [.. TestAuthority.Settings(paths), setting]);
        Assert.Equal(8, await node.ExitAsync());
        Assert.Contains(key, node.Output);
        Assert.Contains("set", node.Output);
    }

    /// <summary>What a node says may be read after what it answers.</summary>
    private Task SaysAsync(string text) => Eventually.TrueAsync(
        $"the control node says '{text}'",
        () => Task.FromResult(
            _cluster.Node("control").Output.Contains(text, StringComparison.Ordinal)),
        _cluster.Logs);

    private async Task SaysOnceAsync(string name, CredentialPaths paths, string said)
    {
        var node = _cluster.Start(
            name, "host", [.. _cluster.Settings, .. TestAuthority.Settings(paths)]);
        await Eventually.TrueAsync(
            $"{name} says '{said}'",
            () => Task.FromResult(node.Output.Contains(said, StringComparison.Ordinal)),
            _cluster.Logs);
        await node.StopAsync();
        Assert.Single(node.Output.Split('\n'), l => l.Contains(said, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", node.Output);
    }

    private async Task StatusesAreAsync(
        CredentialPaths? paths, (int Health, int Api, int Metrics) expected)
    {
        var tls = ClusterTls.Dial(_cluster.Authority.Authority.Certificate, TimeProvider.System);
        using var pair = paths is null ? null : Pem.Pair(
            await File.ReadAllTextAsync(paths.Certificate),
            await File.ReadAllTextAsync(paths.Key), "pair");
        if (pair is not null)
        {
            tls.ClientCertificateContext =
                SslStreamCertificateContext.Create(pair, null, offline: true);
        }

        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = tls })
        {
            BaseAddress = _cluster.Address("control"),
        };
        foreach (var (path, status) in new[]
        {
            ("healthz", expected.Health), ("v1/instances", expected.Api),
            ("metrics", expected.Metrics),
        })
        {
            using var answer = await http.GetAsync(path);
            Assert.Equal((HttpStatusCode)status, answer.StatusCode);
            if (status < 400)
                continue;
            var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal(status, problem.GetProperty("status").GetInt32());
        }
    }

    private async Task<string> TokenAsync(string? host) => (await _cluster.Client.MakeTokenAsync(
        new TokenRequest { Host = host, TtlSeconds = 600 }, default)).Token;

    private async Task<(int Exit, string Output, string Error)> JoinAsync(
        string token, string name, string folder)
    {
        var file = Path.Combine(_cluster.Folder, $"{Guid.NewGuid():n}.token");
        await File.WriteAllTextAsync(file, token + "\n");
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exit = await CommandLine.RunAsync(
            ["host", "join", "--seed", _cluster.Address("control").ToString(), "--token-file", file,
                "--name", name, "--out", folder],
            output, error);
        return (exit, output.ToString(), error.ToString());
    }
}

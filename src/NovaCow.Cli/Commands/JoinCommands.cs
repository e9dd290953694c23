using System.CommandLine;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NovaCow.Client;
using NovaCow.Runtime.Configuration;
using NovaCow.Security;

namespace NovaCow.Cli.Commands;

/// <summary>How a machine becomes a host: an operator has a token made, the machine joins with it.
/// </summary>
internal static class JoinCommands
{
    private const string TokenVariable = "NOVACOW_TOKEN";

    public static Command Token(Terminal terminal)
    {
        var host = new Option<string?>("--host")
        {
            Description = "The host's name; else any name that never joined",
        };
        var ttl = new Option<string>("--ttl")
        {
            Description = "How long it is valid, such as 30m or 1h",
            DefaultValueFactory = _ => "1h",
        };
        var command = new Command(
            "token", "Make a join token, a secret; needs an operator's certificate") { host, ttl };
        command.SetAction(async (parsed, ct) =>
        {
            var life = ConfigurationFactory.ParseString(
                $"ttl = {Hocon.Quoted(parsed.GetRequiredValue(ttl))}", "--ttl").GetTimeSpan("ttl");
            using var client = Terminal.Connect(parsed);
            var token = await client.MakeTokenAsync(
                new TokenRequest
                {
                    Host = parsed.GetValue(host), TtlSeconds = (long)life.TotalSeconds,
                },
                ct);
            terminal.Write(parsed, token, t =>
            {
                terminal.WriteLine(t.Token);
                terminal.Error.WriteLine(
                    $"for host {t.Host}, until {t.ExpiresAt:u}; give it to novacow host join "
                        + $"--token-file, or as {TokenVariable}");
            });
        });
        return command.WithExamples(
            "novacow host token --host host-7 > host-7.token", "novacow host token --ttl 10m");
    }

    public static Command Join(Terminal terminal)
    {
        var seed = new Option<Uri[]>("--seed")
        {
            Description = "Control nodes, by commas; they are asked in turn",
            HelpName = "URL[,URL…]",
            Required = true,
            CustomParser = result => Options.Urls("--seed", result.Tokens[0].Value, result),
        };
        var tokenFile = new Option<string?>("--token-file")
        {
            Description = $"A file with the token, - for standard input; else {TokenVariable}. "
                + "An argument could be read by others",
        };
        var name = new Option<string>("--name")
        {
            Description = "The host's name, for ever", Required = true,
        };
        var output = new Option<string>("--out")
        {
            Description = "Where to put the key, the certificates and host.conf", Required = true,
        };
        var command = new Command("join", "Make this machine a host of a cluster")
        {
            seed, tokenFile, name, output,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var files = new JoinFiles(
                Path.GetFullPath(parsed.GetRequiredValue(output)),
                CertifiedName.Of(ClusterRole.Host, parsed.GetRequiredValue(name)).Name,
                parsed.GetRequiredValue(seed));
            files.MustBeNew();
            var token = await TokenAsync(parsed.GetValue(tokenFile), ct);
            var until = await JoinAsync(files, token, Options.CredentialsOf(parsed), ct);
            terminal.WriteFacts(
                ("host", files.Name),
                ("certificate", $"{files.Certificate}, until {until:u}; it renews itself"),
                ("start it with", $"novacow node --config {files.Configuration}"));
        });
        return command.WithExamples(
            "novacow host join --seed https://10.0.0.1:7600 --token-file host-7.token "
                + "--name host-7 --out /etc/novacow",
            "ssh admin novacow host token | novacow host join --seed https://10.0.0.1:7600 "
                + "--token-file - --name host-8 --out /etc/novacow");
    }

    private static async Task<string> TokenAsync(string? file, CancellationToken ct)
    {
        var text = file switch
        {
            "-" => await Console.In.ReadLineAsync(ct),
            { } path => SecretFiles.Read(path),
            null => Options.FromEnvironment(TokenVariable),
        };
        return text?.Trim() is { Length: > 0 } token
            ? token
            : throw new CliException(
                ExitCode.Usage, $"there is no token: give --token-file, or set {TokenVariable}");
    }

    /// <summary>Asks the seeds until one gives a certificate, and writes what it gave.</summary>
    /// <returns>Until when it is valid.</returns>
    private static async Task<DateTimeOffset> JoinAsync(
        JoinFiles files, string token, Credentials? present, CancellationToken ct)
    {
        var fingerprint = JoinToken.Read(token).Authority;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new JoinRequest
        {
            Token = token,
            Name = files.Name,
            CertificateRequest = CertificateAuthority.RequestFor(key, files.Name),
        };
        List<NovaCowException> failures = [];
        foreach (var seed in files.Seeds)
        {
            try
            {
                var authority = await AuthorityAsync(seed, fingerprint, ct);
                using var client = new NovaCowClient(
                    [seed],
                    present is not null && present.Authority.Equals(authority)
                        ? ClusterTls.Dial(present, TimeProvider.System)
                        : ClusterTls.Dial(authority, TimeProvider.System));
                var issued = await client.JoinAsync(request, ct);
                files.Write(key, issued.Certificate, authority.ExportCertificatePem());
                return issued.ExpiresAt;
            }
            catch (NovaCowException e) when (e.Problem.Status is 0 or 501 or 503)
            {
                failures.Add(e);
            }
        }

        throw failures.Find(f => f.Problem.Status != 0) ?? failures[0];
    }

    /// <summary>The authority that a seed shows, if it is the one of the token: nothing else is
    /// believed of this connection, and nothing is told over it.</summary>
    private static async Task<X509Certificate2> AuthorityAsync(
        Uri seed, string fingerprint, CancellationToken ct)
    {
        if (seed.Scheme != "https")
            throw new CliException(
                ExitCode.Usage, $"--seed {seed}: a token is sent over https only");
        using var client = new NovaCowClient([seed], new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });
        var authority = Pem.Certificate(await client.GetAuthorityAsync(ct), $"{seed}v1/ca");
        return CertificateJudge.Fingerprint(authority) == fingerprint
            ? authority
            : throw new SecurityException(
                $"{seed} is not of the cluster that the token is for: its authority has sha256 "
                    + $"{CertificateJudge.Fingerprint(authority)}, and the token names "
                    + $"{fingerprint}; correct --seed, or ask for a token of that cluster");
    }

    /// <summary>What a join leaves in its folder.</summary>
    private sealed record JoinFiles(string Folder, string Name, IReadOnlyList<Uri> Seeds)
    {
        public string Certificate => Path.Combine(Folder, "host.crt");

        public string Configuration => Path.Combine(Folder, "host.conf");

        private string Key => Path.Combine(Folder, "host.key");

        private string Authority => Path.Combine(Folder, CaCommands.AuthorityFile);

        public void MustBeNew() =>
            SecretFiles.MustBeNew(Key, Certificate, Authority, Configuration);

        public void Write(ECDsa key, string certificate, string authority)
        {
            SecretFiles.CreateFolder(Folder);
            SecretFiles.WriteNew(
                (Key, key.ExportPkcs8PrivateKeyPem()), (Certificate, certificate),
                (Authority, authority), (Configuration, Settings()));
        }

        private string Settings() => $$"""
            # A host that joined with a token; hocon/reference.conf has every other setting.
            novacow {
              roles = [host]
              name = {{Hocon.Quoted(Name)}}
              # For health and metrics; port 0 is any free one.
              api.listen = "https://127.0.0.1:0"
              host.seeds = [{{string.Join(", ", Seeds.Select(s => Hocon.Quoted(s.ToString())))}}]
              tls {
                ca = {{Hocon.Quoted(Authority)}}
                certificate = {{Hocon.Quoted(Certificate)}}
                key = {{Hocon.Quoted(Key)}}
              }
            }

            """;
    }
}

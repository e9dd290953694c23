using System.CommandLine;
using NovaCow.Security;

namespace NovaCow.Cli.Commands;

/// <summary>The cluster's certificate authority: a folder with ca.crt and ca.key.</summary>
internal static class CaCommands
{
    public const string AuthorityFile = "ca.crt";
    private const string AuthorityKeyFile = "ca.key";

    public static Command Create(Terminal terminal) =>
        new("ca", "The cluster's certificate authority; needs no node")
        {
            Init(terminal), Issue(terminal),
        };

    private static Argument<string> Folder() =>
        new("DIR") { Description = $"The folder of {AuthorityFile} and {AuthorityKeyFile}" };

    private static Command Init(Terminal terminal)
    {
        var folder = Folder();
        var name = new Option<string>("--name")
        {
            Description = "The cluster's name, for people",
            DefaultValueFactory = _ => "cluster",
        };
        var command = new Command("init", "Make an authority, valid for ten years")
        {
            folder, name,
        };
        command.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(folder));
            SecretFiles.CreateFolder(path);
            using var authority = CertificateAuthority.Create(
                parsed.GetRequiredValue(name), CertificateAuthority.DefaultAuthorityLife,
                TimeProvider.System.GetUtcNow());
            SecretFiles.WriteNew(
                (Path.Combine(path, AuthorityKeyFile), authority.KeyPem()),
                (Path.Combine(path, AuthorityFile), authority.Certificate.ExportCertificatePem()));
            terminal.WriteFacts(
                ("authority", Path.Combine(path, AuthorityFile)),
                ("key", $"{Path.Combine(path, AuthorityKeyFile)} (a secret: keep a copy offline)"),
                ("sha256", CertificateJudge.Fingerprint(authority.Certificate)),
                ("valid until", $"{CertificateJudge.Until(authority.Certificate):u}"));
        });
        return command.WithExamples("novacow ca init /etc/novacow/ca --name prod");
    }

    private static Command Issue(Terminal terminal)
    {
        var folder = Folder();
        var role = new Option<ClusterRole>("--role")
        {
            Description = "control, host or operator",
            Required = true,
        };
        var name = new Option<string>("--name")
        {
            Description = "Whose it is; of a node, its novacow.name",
            Required = true,
        };
        var address = new Option<string[]>("--address")
        {
            Description = "A host name or an IP address by which a node is dialled; may be repeated",
        };
        var days = new Option<int>("--days")
        {
            Description = "How long it is valid",
            DefaultValueFactory = _ => (int)CertificateAuthority.DefaultLife.TotalDays,
        };
        var output = new Option<string>("--out")
        {
            Description = $"Where to put NAME.crt, NAME.key and {AuthorityFile}",
            Required = true,
        };
        var command = new Command("issue", "Make a certificate and its key")
        {
            folder, role, name, address, days, output,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(days) is < 1 or > 3650)
                throw new CliException(ExitCode.Usage, "--days: expected 1 to 3650");
            var terms = new CertificateTerms(
                CertifiedName.Of(parsed.GetValue(role), parsed.GetRequiredValue(name)),
                parsed.GetValue(address) ?? [],
                TimeSpan.FromDays(parsed.GetValue(days)));
            Write(
                terminal, Path.GetFullPath(parsed.GetRequiredValue(folder)), terms,
                Path.GetFullPath(parsed.GetRequiredValue(output)));
        });
        return command.WithExamples(
            "novacow ca issue /etc/novacow/ca --role control --name control-1 --address 10.0.0.1 "
                + "--out /etc/novacow/tls",
            "novacow ca issue /etc/novacow/ca --role operator --name alice --out ~/.novacow");
    }

    private static void Write(
        Terminal terminal, string folder, CertificateTerms terms, string output)
    {
        var authorityPem = SecretFiles.Read(Path.Combine(folder, AuthorityFile));
        using var authority = CertificateAuthority.FromPem(
            authorityPem, SecretFiles.ReadKey(Path.Combine(folder, AuthorityKeyFile)));
        var (certificate, key) = authority.Issue(terms, TimeProvider.System.GetUtcNow());
        SecretFiles.CreateFolder(output);
        var (crt, keyFile, ca) = (
            Path.Combine(output, $"{terms.Name.Name}.crt"),
            Path.Combine(output, $"{terms.Name.Name}.key"),
            Path.Combine(output, AuthorityFile));
        if (File.Exists(ca) && SecretFiles.Read(ca) != authorityPem)
            SecretFiles.MustBeNew(ca);
        SecretFiles.WriteNew((keyFile, key), (crt, certificate));
        SecretFiles.Write(ca, authorityPem);
        terminal.WriteFacts(
            ("for", terms.Name.ToString()), ("certificate", crt), ("key", keyFile),
            ("authority", ca),
            ("valid until",
                $"{CertificateJudge.Until(Pem.Certificate(certificate, crt)):u}"));
    }
}

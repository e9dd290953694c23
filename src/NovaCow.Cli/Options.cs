using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography.X509Certificates;
using NovaCow.Security;

namespace NovaCow.Cli;

/// <summary>The options that every command has.</summary>
internal static class Options
{
    private const string DefaultApi = "http://127.0.0.1:7600";

    public static Option<Uri[]> Api { get; } = new("--api")
    {
        Description = "The API of a control node, or of several by commas, which are asked in turn; "
            + $"else NOVACOW_API, else {DefaultApi}",
        Recursive = true,
        HelpName = "URL[,URL…]",
        DefaultValueFactory = result => Urls(
            "NOVACOW_API", FromEnvironment("NOVACOW_API") ?? DefaultApi, result),
        CustomParser = result => Urls("--api", result.Tokens[0].Value, result),
    };

    public static Option<string?> Authority { get; } = File(
        "--ca", "NOVACOW_CA", "The certificate of the cluster's authority, ca.crt");

    public static Option<string?> Certificate { get; } = File(
        "--cert", "NOVACOW_CERT", "The certificate to present");

    public static Option<string?> Key { get; } = File(
        "--key", "NOVACOW_KEY", "The private key of that certificate");

    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print JSON, for programs",
        Recursive = true,
    };

    /// <summary>The libvirt that runs machines; not given, no machine is run.</summary>
    public static Option<string?> Libvirt(string description) => new("--libvirt")
    {
        Description = description,
        HelpName = "URI",
    };

    /// <summary>A variable of the environment; null when it is empty.</summary>
    public static string? FromEnvironment(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } set ? set : null;

    /// <summary>Whom the command is to trust; null: the system's roots.</summary>
    /// <exception cref="SecurityException">The file cannot be used.</exception>
    public static X509Certificate2? AuthorityOf(ParseResult parsed) =>
        parsed.GetValue(Authority) is { } path
            ? Pem.Certificate(SecretFiles.Read(path), path) : null;

    /// <summary>What the command presents; null: nothing.</summary>
    /// <exception cref="SecurityException">The files cannot be used.</exception>
    /// <exception cref="CliException">Not all of them are named.</exception>
    public static Credentials? CredentialsOf(ParseResult parsed) =>
        (parsed.GetValue(Authority), parsed.GetValue(Certificate), parsed.GetValue(Key)) switch
        {
            (_, null, null) => null,
            ({ } authority, { } certificate, { } key) => Credentials.Load(
                new CredentialPaths(authority, certificate, key), TimeProvider.System.GetUtcNow()),
            _ => throw new CliException(
                ExitCode.Usage,
                "a certificate needs --ca, --cert and --key together (or NOVACOW_CA, NOVACOW_CERT "
                    + "and NOVACOW_KEY)"),
        };

    /// <summary>URLs between commas; null, with an error on the result, when one is none.</summary>
    public static Uri[] Urls(string name, string text, ArgumentResult result)
    {
        List<Uri> urls = [];
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (Uri.TryCreate(part, UriKind.Absolute, out var uri)
                && uri.Scheme is "http" or "https")
                urls.Add(uri);
            else
                result.AddError($"{name} '{part}': expected a URL such as {DefaultApi}");
        }

        return [.. urls];
    }

    private static Option<string?> File(string name, string variable, string what) => new(name)
    {
        Description = $"{what}; else {variable}",
        Recursive = true,
        HelpName = "FILE",
        DefaultValueFactory = _ => FromEnvironment(variable),
    };
}

using System.Globalization;
using Npgsql;

namespace NovaCow.Store.Postgres;

/// <summary>
/// Where a database is and who asks it, as a URL: <c>postgresql://user@host[:port]/database</c>,
/// with <c>sslmode</c> and <c>sslrootcert</c> as PostgreSQL's own tools know them. It never holds a
/// password.
/// </summary>
public sealed record PostgresAddress
{
    private const int DefaultPort = 5432;

    private static readonly Dictionary<string, SslMode> SslModes = new(StringComparer.Ordinal)
    {
        ["disable"] = SslMode.Disable,
        ["prefer"] = SslMode.Prefer,
        ["require"] = SslMode.Require,
        ["verify-ca"] = SslMode.VerifyCA,
        ["verify-full"] = SslMode.VerifyFull,
    };

    private PostgresAddress(Uri url, string user, string database)
    {
        Host = url.IdnHost;
        Port = url.Port < 0 ? DefaultPort : url.Port;
        User = user;
        Database = database;
    }

    public string Host { get; }

    public int Port { get; }

    /// <summary>The role that connects.</summary>
    public string User { get; }

    public string Database { get; }

    internal SslMode SslMode { get; private init; } = SslMode.Prefer;

    internal string? RootCertificate { get; private init; }

    /// <summary>Whether a text is meant for a URL and not for the path of a file.</summary>
    public static bool IsUrl(string text) => text.Contains("://", StringComparison.Ordinal);

    /// <param name="text">A URL.</param>
    /// <param name="address">What it says.</param>
    /// <param name="problem">What is wrong with it, without the password that it may have.</param>
    public static bool TryParse(string text, out PostgresAddress? address, out string problem)
    {
        address = null;
        problem = "expected postgresql://USER@HOST[:PORT]/DATABASE[?sslmode=MODE]";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.Scheme is not "postgresql" || url.Host.Length == 0 || url.Fragment.Length > 0)
        {
            return false;
        }
        if (url.UserInfo.Contains(':', StringComparison.Ordinal))
        {
            problem = "a password does not belong into the URL: put it into a file and name that "
                + "as novacow.control.postgres.password-file";
            return false;
        }
        var user = Uri.UnescapeDataString(url.UserInfo);
        var database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/'));
        if (user.Length == 0 || database.Length == 0 || database.Contains('/')) return false;
        var parsed = new PostgresAddress(url, user, database);
        return TryReadQuery(url.Query, ref parsed, ref problem) && (address = parsed) is not null;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"postgresql://{User}@{Host}:{Port}/{Database}");

    private static bool TryReadQuery(string query, ref PostgresAddress address, ref string problem)
    {
        foreach (var pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = pair.Split('=', 2) is [var k, var v]
                ? (k, Uri.UnescapeDataString(v)) : (pair, "");
            switch (key)
            {
                case "sslmode" when SslModes.TryGetValue(value, out var mode):
                    address = address with { SslMode = mode };
                    break;
                case "sslmode":
                    problem = $"sslmode '{value}': expected {string.Join(", ", SslModes.Keys)}";
                    return false;
                case "sslrootcert" when value.Length > 0:
                    address = address with { RootCertificate = value };
                    break;
                default:
                    problem = $"'{key}': expected sslmode or sslrootcert after the '?'";
                    return false;
            }
        }
        return true;
    }
}

/// <summary>How a store in PostgreSQL is opened.</summary>
public sealed record PostgresOptions
{
    public required PostgresAddress Address { get; init; }

    /// <summary>A file whose first line is the password, read for each connection; null: none is
    /// needed.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>Whether opening brings the schema up to date; else an old one is refused.</summary>
    public bool Migrate { get; init; }

    /// <summary>A role that migrating lets read and write, and no more; null: none.</summary>
    public string? Role { get; init; }
}

using NovaCow.Store.Postgres;

namespace NovaCow.Node.Settings;

/// <summary>Where the journal, the snapshots and the lease are kept.</summary>
public abstract record StoreSettings
{
    private StoreSettings()
    {
    }

    /// <summary>A path is a file of this machine's, a URL a database for several.</summary>
    /// <param name="text">What <c>novacow.control.store</c> or <c>--store</c> says.</param>
    /// <param name="access">How a database is reached; its address is that of the text.</param>
    /// <param name="settings">The store.</param>
    /// <param name="problem">What is wrong with the text.</param>
    public static bool TryParse(
        string text, StoreAccess access, out StoreSettings? settings, out string problem)
    {
        (settings, problem) = (null, "expected a path, or a URL of PostgreSQL");
        if (text.Length == 0) return false;
        if (!PostgresAddress.IsUrl(text))
        {
            settings = new Sqlite(Path.GetFullPath(text));
            return true;
        }
        if (!PostgresAddress.TryParse(text, out var address, out problem)) return false;
        settings = new Postgres(new PostgresOptions
        {
            Address = address!,
            PasswordFile = access.PasswordFile,
            Migrate = access.Migrate,
            Role = access.Role,
        });
        return true;
    }

    /// <summary>A SQLite file.</summary>
    public sealed record Sqlite(string File) : StoreSettings
    {
        public override string ToString() => File;
    }

    /// <summary>A PostgreSQL database.</summary>
    public sealed record Postgres(PostgresOptions Options) : StoreSettings
    {
        public override string ToString() => Options.Address.ToString();
    }
}

/// <summary>What a database's URL does not say.</summary>
/// <param name="PasswordFile">A file with the password; null for none.</param>
/// <param name="Migrate">Whether opening migrates.</param>
/// <param name="Role">Whom migrating lets read and write; null: nobody.</param>
public sealed record StoreAccess(string? PasswordFile, bool Migrate, string? Role);

using System.Globalization;

namespace NovaCow.Testing.Postgres;

/// <summary>Where this machine has PostgreSQL's programs, and as whom they can be run.</summary>
internal static class PostgresBinaries
{
    /// <summary>PostgreSQL refuses to run as root; as root it is run as this user.</summary>
    private const string User = "postgres";

    private const string Installed = "/usr/lib/postgresql";

    /// <summary>The folder of the newest version's programs; null when there is none.</summary>
    public static string? Folder { get; } = Directory.Exists(Installed)
        ? Directory.EnumerateDirectories(Installed)
            .Where(version => File.Exists(Path.Combine(version, "bin", "initdb")))
            .OrderByDescending(Version)
            .Select(version => Path.Combine(version, "bin"))
            .FirstOrDefault()
        : null;

    /// <summary>Why no server can be started here; null when one can.</summary>
    public static string? Problem { get; } = Folder is null
        ? $"no PostgreSQL server under {Installed}/*/bin; install the package postgresql"
        : MustChangeUser && !IsUser(User)
            ? $"this runs as root and there is no user {User} to run PostgreSQL as"
            : null;

    /// <summary>Whether files for the server must be given to <see cref="User"/>.</summary>
    private static bool MustChangeUser => Environment.IsPrivilegedProcess;

    /// <summary>The command line of one of its programs.</summary>
    public static string[] Command(string program, params string[] arguments)
    {
        string[] command = [Path.Combine(Folder!, program), .. arguments];
        return MustChangeUser
            ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--init-groups", "--", .. command]
            : command;
    }

    /// <summary>The command line that makes a folder the server's own.</summary>
    public static string[] Own(string folder) =>
        MustChangeUser ? ["chown", $"{User}:{User}", folder] : ["true"];

    private static bool IsUser(string name) => File.ReadLines("/etc/passwd")
        .Any(line => line.StartsWith($"{name}:", StringComparison.Ordinal));

    private static int Version(string folder) => int.TryParse(
        Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0;
}

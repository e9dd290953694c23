using System.CommandLine;
using NovaCow.Node.Settings;

namespace NovaCow.Cli.Commands;

/// <summary>How the commands about stores are told which one is meant.</summary>
internal sealed class StoreOptions
{
    private readonly Option<string?> _store = new("--store")
    {
        Description = "A SQLite file, or postgresql://USER@HOST[:PORT]/DATABASE",
        HelpName = "PATH|URL",
    };

    private readonly Option<string?> _config = new("--config", "-c")
    {
        Description = "The HOCON file of a control node: its store",
        HelpName = "FILE",
    };

    private readonly Option<string?> _passwordFile = new("--password-file")
    {
        Description = "With --store URL: a file whose first line is the user's password",
        HelpName = "FILE",
    };

    /// <summary>Gives a command the options.</summary>
    public Command AddTo(Command command)
    {
        command.Add(_store);
        command.Add(_config);
        command.Add(_passwordFile);
        return command;
    }

    /// <summary>The store that is meant.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="role">Whom migrating lets in; null: as the configuration says.</param>
    /// <exception cref="CliException">There are two, or the text names none.</exception>
    public StoreSettings Read(ParseResult parsed, string? role = null)
    {
        var (text, config) = (parsed.GetValue(_store), parsed.GetValue(_config));
        if (text is null)
        {
            var settings = SettingsReader.Load(config).Control.Store;
            return settings is StoreSettings.Postgres database && role is not null
                ? new StoreSettings.Postgres(database.Options with { Role = role })
                : settings;
        }
        if (config is not null)
            throw new CliException(ExitCode.Usage, "--store and --config: name one of them");
        var access = new StoreAccess(parsed.GetValue(_passwordFile), Migrate: false, role);
        return StoreSettings.TryParse(text, access, out var named, out var problem)
            ? named! : throw new CliException(ExitCode.Usage, $"--store: {problem}");
    }
}

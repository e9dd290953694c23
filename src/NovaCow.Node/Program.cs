using NovaCow.Node;
using NovaCow.Node.Settings;
using NovaCow.Runtime.Configuration;

const string usage = """
    novacowd [--config FILE] [--set KEY=VALUE]… [--log-file FILE]
    A NovaCow node: control (API and scheduler), host (disks), or both. hocon/reference.conf has
    every key. Exit codes: 0 stopped, 1 could not start, 2 wrong usage, 8 wrong configuration.
    """;
string? config = null, logFile = null;
List<string> settings = [];
for (var i = 0; i < args.Length; i++)
{
    var value = i + 1 < args.Length ? args[i + 1] : null;
    switch (args[i])
    {
        case "--config" when value is not null: config = value; i++; break;
        case "--set" when value is not null: settings.Add(value); i++; break;
        case "--log-file" when value is not null: logFile = value; i++; break;
        case "--help" or "-h": Console.WriteLine(usage); return 0;
        default: await Console.Error.WriteLineAsync($"novacowd: '{args[i]}'?\n{usage}"); return 2;
    }
}

try
{
    var overrides = settings.Count > 0 ? string.Join('\n', settings) : null;
    await NovaCowNode.RunAsync(
        SettingsReader.Load(config, overrides), logFile, Console.WriteLine, CancellationToken.None);
    return 0;
}
catch (ConfigurationException e)
{
    await Console.Error.WriteLineAsync($"novacowd: {e.Message}");
    return 8;
}
catch (NodeStartException e)
{
    await Console.Error.WriteLineAsync($"novacowd: {e.Message}");
    return 1;
}

using System.CommandLine;
using NovaCow.Node;
using NovaCow.Node.Settings;

namespace NovaCow.Cli.Commands;

internal static class NodeCommands
{
    public static Command Dev(Terminal terminal)
    {
        var data = new Option<string>("--data")
        {
            Description = "Where to keep everything",
            DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "novacow-dev"),
        };
        var listen = new Option<string>("--listen")
        {
            Description = "Where the API listens",
            DefaultValueFactory = _ => "http://127.0.0.1:7600",
        };
        var libvirt = Options.Libvirt(
            "Boot machines with the libvirt there, such as qemu:///system");
        var command = new Command(
            "dev", "One node with everything in it, for trying out; reads images from anywhere")
        {
            data, listen, libvirt,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var overrides = $"""
                novacow.data = {Hocon.Quoted(parsed.GetRequiredValue(data))}
                novacow.api.listen = {Hocon.Quoted(parsed.GetRequiredValue(listen))}
                novacow.name = dev
                novacow.images.file.roots = ["/"]
                """;
            if (parsed.GetValue(libvirt) is { } uri)
                overrides += "\n" + string.Join('\n', Hocon.Libvirt(uri));
            return await RunAsync(SettingsReader.Load(null, overrides), null, terminal, ct);
        });
        return command.WithExamples(
            "novacow dev", "novacow dev --data ~/novacow",
            "novacow dev --libvirt qemu:///system");
    }

    public static Command Node(Terminal terminal)
    {
        var config = new Option<string?>("--config", "-c")
        {
            Description = "A HOCON file; hocon/reference.conf has every key and its default",
        };
        var set = new Option<string[]>("--set")
        {
            Description = "One setting over the file, for example novacow.name=host-1",
            HelpName = "KEY=VALUE",
        };
        var log = new Option<string?>("--log-file") { Description = "Write the log there" };
        var command = new Command("node", "A node of a cluster (the same as novacowd)")
        {
            config, set, log,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var overrides = parsed.GetValue(set) is { Length: > 0 } settings
                ? string.Join('\n', settings) : null;
            var loaded = SettingsReader.Load(parsed.GetValue(config), overrides);
            return await RunAsync(loaded, parsed.GetValue(log), terminal, ct);
        });
        return command.WithExamples(
            "novacow node --config hocon/control.conf",
            "novacow node --config hocon/host.conf --set novacow.name=host-7");
    }

    private static async Task<int> RunAsync(
        NodeSettings settings, string? logFile, Terminal terminal, CancellationToken ct)
    {
        try
        {
            await NovaCowNode.RunAsync(settings, logFile, terminal.WriteLine, ct);
            return ExitCode.Success;
        }
        catch (NodeStartException e)
        {
            throw new CliException(ExitCode.Failed, e.Message);
        }
    }
}

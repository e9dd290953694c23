using System.CommandLine;
using NovaCow.Cli.Commands;
using NovaCow.Client;
using NovaCow.Runtime.Configuration;
using NovaCow.Runtime.Persistence;
using NovaCow.Security;

namespace NovaCow.Cli;

/// <summary>The command line: which commands there are, and how their failures end.</summary>
public static class CommandLine
{
    /// <summary>Runs one command.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var parsed = Create(new Terminal(output, error)).Parse(args);
        var invocation = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
        };
        if (parsed.Errors.Count > 0)
        {
            foreach (var problem in parsed.Errors)
                await error.WriteLineAsync(problem.Message);
            await error.WriteLineAsync($"'{Path(parsed)} --help' tells more");
            return ExitCode.Usage;
        }

        return await GuardAsync(() => parsed.InvokeAsync(invocation), error);
    }

    /// <summary>Turns every failure into one line on the error output and an exit code.</summary>
    private static async Task<int> GuardAsync(Func<Task<int>> run, TextWriter error)
    {
        try
        {
            return await run();
        }
        catch (NovaCowException e)
        {
            await error.WriteLineAsync($"novacow: {e.Message}");
            return ExitCode.Of(e.Problem.Status, e.Problem.Code);
        }
        catch (CliException e)
        {
            await error.WriteLineAsync($"novacow: {e.Message}");
            return e.ExitCode;
        }
        catch (SecurityException e)
        {
            await error.WriteLineAsync($"novacow: {e.Message}");
            return ExitCode.Configuration;
        }
        catch (ConfigurationException e)
        {
            await error.WriteLineAsync($"novacow: {e.Message}");
            return ExitCode.Configuration;
        }
        catch (StoreException e)
        {
            await error.WriteLineAsync($"novacow: {e.Message}");
            return e is StoreConflictException ? ExitCode.Conflict : ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e)
        {
            await error.WriteLineAsync(
                $"novacow: a bug in this program: {e.GetType().Name}: {e.Message} "
                + "(NOVACOW_TRACE=1 shows where)");
            if (Environment.GetEnvironmentVariable("NOVACOW_TRACE") == "1")
                await error.WriteLineAsync(e.ToString());
            return ExitCode.Internal;
        }
    }

    private static RootCommand Create(Terminal terminal)
    {
        var root = new RootCommand("Copy-on-write disks for virtual machines, across a fleet.")
        {
            NodeCommands.Dev(terminal),
            NodeCommands.Node(terminal),
            ImageCommands.Create(terminal),
            FlavorCommands.Create(terminal),
            LaunchCommand.Create(terminal),
            InstanceCommands.Create(terminal),
            AdoptCommand.Create(terminal),
            OperationCommands.MigrateAny(terminal),
            HostCommands.Create(terminal),
            ExplainCommand.Create(terminal),
            BaseCommands.Create(terminal),
            CacheCommands.List(terminal),
            CacheCommands.Precache(terminal),
            CacheCommands.Pin(terminal),
            CacheCommands.Unpin(terminal),
            SpaceCommand.Create(terminal),
            EventsCommand.Create(terminal),
            CaCommands.Create(terminal),
            SimulateCommand.Create(terminal),
            ConfigCommands.Create(terminal),
            StoreCommands.Create(terminal),
            DemoCommand.Create(terminal),
            CompletionCommand.Create(terminal),
        };
        root.Add(Options.Api);
        root.Add(Options.Authority);
        root.Add(Options.Certificate);
        root.Add(Options.Key);
        root.Add(Options.Json);
        HelpWithExamples.Apply(root);
        return root;
    }

    private static string Path(ParseResult parsed)
    {
        List<string> names = [];
        for (var c = parsed.CommandResult; c is not null;
             c = c.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Insert(0, c.Command is RootCommand ? "novacow" : c.Command.Name);
        }

        return string.Join(' ', names);
    }
}

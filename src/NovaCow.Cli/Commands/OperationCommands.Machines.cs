using System.CommandLine;
using NovaCow.Client;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Cli.Commands;

/// <summary>Machines are started and stopped, one or many at a time.</summary>
internal static partial class OperationCommands
{
    /// <summary>Instances that one command asks for at a time.</summary>
    private const int MaxTogether = 16;

    private static Command Start(Terminal terminal) => OperationOnMany(
        terminal, "start", "Start the machines of instances", [],
        (client, id, _, wait, ct) => client.StartInstanceAsync(id, wait, ct))
        .WithExamples("novacow instance start web --wait");

    private static Command Stop(Terminal terminal)
    {
        var grace = new GraceOptions();
        return OperationOnMany(
            terminal, "stop", "Stop the machines of instances; their disks stay", grace.All,
            (client, id, parsed, wait, ct) => client.StopInstanceAsync(
                id, grace.Of(parsed), wait, ct))
            .WithExamples(
                "novacow instance stop web --wait", "novacow instance stop ci-1 ci-2 --force");
    }

    private static Command Reboot(Terminal terminal)
    {
        var grace = new GraceOptions();
        return OperationOnMany(
            terminal, "reboot", "Stop the machines of instances and start them", grace.All,
            (client, id, parsed, wait, ct) => client.RebootInstanceAsync(
                id, grace.Of(parsed), wait, ct))
            .WithExamples("novacow instance reboot web --grace 30s --wait");
    }

    private static Command Rebuild(Terminal terminal)
    {
        var image = new Argument<string>("IMAGE") { Description = "The image's name" };
        var command = Operation(
            terminal,
            "rebuild",
            "Make the root disk of an instance anew from an image; what it held is lost",
            [],
            (client, id, parsed, wait, ct) => client.RebuildInstanceAsync(
                id, new RebuildRequest { Image = parsed.GetRequiredValue(image) }, wait, ct));
        command.Add(image);
        return command.WithExamples("novacow instance rebuild web debian-12 --wait");
    }

    private static Command OperationOnMany(
        Terminal terminal,
        string name,
        string description,
        IReadOnlyList<Option> options,
        Operate operate)
    {
        var ids = new Argument<string[]>("ID") { Arity = ArgumentArity.OneOrMore };
        return Operation(new Command(name, description) { ids }, options, async (waiter, ct) =>
        {
            var all = await waiter.RunAsync(
                terminal,
                () => AllAsync(
                    [.. waiter.Parsed.GetRequiredValue(ids).Distinct()],
                    id => EndAsync(waiter, id, operate, ct),
                    ct),
                ct);
            var answered = all.Select(a => a.Instance).OfType<InstanceResource>().ToArray();
            terminal.Write(waiter.Parsed, answered, items => WriteMany(terminal, items));
            var exits = all.Select(a => a.Error is { } e
                ? Refusal(terminal, e)
                : Outcome(terminal, a.Instance!, name, waiter.IsWaiting));
            return exits.ToArray().FirstOrDefault(e => e != ExitCode.Success);
        });
    }

    /// <summary>Asks for each instance; what is refused for one is no reason to leave the others.
    /// </summary>
    private static async Task<IReadOnlyList<(InstanceResource? Instance, NovaCowException? Error)>>
        AllAsync(
            string[] ids, Func<string, Task<InstanceResource>> ask, CancellationToken ct)
    {
        var answers = new (InstanceResource? Instance, NovaCowException? Error)[ids.Length];
        await Parallel.ForAsync(
            0,
            ids.Length,
            new ParallelOptions { MaxDegreeOfParallelism = MaxTogether, CancellationToken = ct },
            async (i, _) =>
            {
                try
                {
                    answers[i] = (await ask(ids[i]), null);
                }
                catch (NovaCowException e)
                {
                    answers[i] = (null, e);
                }
            });
        return answers;
    }

    private static int Refusal(Terminal terminal, NovaCowException e)
    {
        terminal.Error.WriteLine($"novacow: {e.Message}");
        return ExitCode.Of(e.Problem.Status, e.Problem.Code);
    }

    private static void WriteMany(Terminal terminal, InstanceResource[] instances)
    {
        if (instances.Length == 0)
            return;
        terminal.WriteTable(
            ["ID", "POWER", "HOST", "OPERATION", "STATE", "ERROR"],
            instances.Select(i => new[]
            {
                i.Id, i.Power?.State, i.Host, i.Operation?.Detail, i.Operation?.State,
                i.Operation?.Error,
            }));
    }

    /// <summary>How long a guest has to power off by itself.</summary>
    private sealed class GraceOptions
    {
        private readonly Option<string?> _grace = new("--grace")
        {
            Description = "How long the guest has to power off by itself, such as 30s or 2m; else "
                + "60s",
            HelpName = "TIME",
        };

        private readonly Option<bool> _force = new("--force")
        {
            Description = "End the machine at once, as if its plug were pulled",
        };

        public IReadOnlyList<Option> All => [_grace, _force];

        /// <exception cref="CliException">They contradict each other.</exception>
        public StopRequest Of(ParseResult parsed) =>
            (parsed.GetValue(_grace), parsed.GetValue(_force)) switch
            {
                (null, false) => new StopRequest(),
                (null, true) => new StopRequest { GraceSeconds = 0 },
                ({ } text, false) => new StopRequest { GraceSeconds = Seconds(text) },
                _ => throw new CliException(
                    ExitCode.Usage, "--grace and --force: leave one of them out"),
            };

        private static int Seconds(string text)
        {
            try
            {
                var time = ConfigurationFactory.ParseString(
                    $"grace = {Hocon.Quoted(text)}", "--grace").GetTimeSpan("grace");
                return checked((int)Math.Ceiling(time.TotalSeconds));
            }
            catch (Exception e) when (e is ConfigurationException or OverflowException)
            {
                throw new CliException(
                    ExitCode.Usage, $"--grace '{text}': expected a time such as 30s or 2m");
            }
        }
    }
}

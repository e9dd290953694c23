using System.CommandLine;
using NovaCow.Simulation;

namespace NovaCow.Cli.Commands;

/// <summary>Compares ways to choose hosts in a model of a fleet.</summary>
internal static class SimulateCommand
{
    private const string AllPolicies = "all";

    private static readonly Option<int> s_hosts = Number("--hosts", "Compute hosts", 1_000);
    private static readonly Option<int> s_images = Number("--images", "Images", 1_000);
    private static readonly Option<int> s_seed = Number("--seed", "What all is drawn by", 1);

    private static readonly Option<int?> s_launches = new("--launches")
    {
        Description = "The most launches; else as many as come in time",
        HelpName = "N",
    };

    private static readonly Option<double> s_minutes = new("--minutes")
    {
        Description = "How long launches come; the first third, of at most 20, is not measured",
        HelpName = "M",
        DefaultValueFactory = _ => 60,
    };

    private static readonly Option<string> s_policy = new Option<string>("--policy")
    {
        Description = "One policy, or all",
        HelpName = string.Join('|', SimulatedPolicy.All.Select(p => p.Name).Append(AllPolicies)),
        DefaultValueFactory = _ => AllPolicies,
    }.AcceptOnlyFromAmong([.. SimulatedPolicy.All.Select(p => p.Name), AllPolicies]);

    private static readonly Option<string?> s_svg = new("--svg")
    {
        Description = "Draw how many launches were ready after how long",
        HelpName = "FILE",
    };

    public static Command Create(Terminal terminal)
    {
        var command = new Command(
            "simulate",
            "How placement would do in a fleet that is simulated, beside other schedulers' ways")
        {
            s_hosts, s_images, s_launches, s_minutes, s_seed, s_policy, s_svg,
        };
        command.SetAction(parsed => Run(terminal, parsed));
        return command.WithExamples(
            "novacow simulate",
            "novacow simulate --hosts 200 --minutes 30 --policy ready-time",
            "novacow simulate --hosts 10000 --seed 7 --svg ready.svg --json");
    }

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        var settings = new SimulationSettings
        {
            Hosts = parsed.GetRequiredValue(s_hosts),
            Images = parsed.GetRequiredValue(s_images),
            Seed = parsed.GetRequiredValue(s_seed),
            Launches = parsed.GetValue(s_launches) ?? 0,
            Minutes = parsed.GetRequiredValue(s_minutes),
        };
        if (settings.Problem() is { } problem)
            throw new CliException(ExitCode.Usage, problem);
        var chosen = parsed.GetRequiredValue(s_policy);
        var policies = SimulatedPolicy.All.Where(p => chosen is AllPolicies || p.Name == chosen);
        var outcome = Simulator.Compare(settings, policies, TimeProvider.System, policy =>
        {
            if (terminal.IsInteractive)
                terminal.Error.WriteLine($"{policy.Name}: {policy.About}…");
        });
        terminal.Write(parsed, outcome, o => Write(terminal, o));
        if (parsed.GetValue(s_svg) is { } file)
            Draw(outcome.Report, file);
        return ExitCode.Success;
    }

    private static void Write(Terminal terminal, SimulationOutcome outcome) =>
        terminal.WriteTable(
            ["POLICY", ">LAUNCHES", ">P50", ">P90", ">P99", ">MAX", ">WARM", ">FETCHED",
                ">IMBALANCE", ">WAITED", ">FAILED", ">DECISION P50", ">P99"],
            outcome.Report.Policies.Zip(outcome.Decisions, (p, d) => new[]
            {
                p.Policy, p.Launches.ToString(), Seconds(p.Ready?.P50), Seconds(p.Ready?.P90),
                Seconds(p.Ready?.P99), Seconds(p.Ready?.Max), $"{p.WarmShare:P1}",
                Show.Bytes(p.BytesFetched), $"{p.Imbalance:0.00}", p.Waited.ToString(),
                p.Failed.ToString(), Show.Duration(d.P50 / 1000), Show.Duration(d.P99 / 1000),
            }));

    private static string? Seconds(double? seconds) =>
        seconds is { } known ? Show.Duration(known * 1000) : null;

    private static void Draw(SimulationReport report, string file)
    {
        if (report.Policies.All(p => p.AllReadySeconds.Count == 0))
        {
            throw new CliException(
                ExitCode.Usage,
                $"{file}: no launch was ready after the warm-up, so there is nothing to draw; "
                    + "give more --minutes or --launches");
        }

        try
        {
            File.WriteAllText(file, ReadyTimePlot.Draw(report));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(
                ExitCode.Failed, $"{file}: cannot be written: {e.Message}; name another file");
        }
    }

    private static Option<int> Number(string name, string about, int usual) => new(name)
    {
        Description = about,
        HelpName = "N",
        DefaultValueFactory = _ => usual,
    };
}

using System.Runtime.InteropServices;
using NovaCow.Nemesis;

const string usage = """
    usage: nemesis [--schedules N] [--seed N] [--minutes N] [--store sqlite|postgres]
                   [--network proxies|namespaces] [--artifacts FOLDER] [--verbose]
    Runs N schedules of faults over fleets of real processes and checks what must hold after each.
    Without --store and --network: the latter of each that this machine can do.
    Exit codes: 0 nothing violated, 1 something was, 2 wrong usage.
    """;
var options = FaultSchedules.WithAllThereIs(
    new NemesisOptions { Seed = Random.Shared.Next(1_000_000) });
for (var i = 0; i < args.Length; i++)
{
    var isNumber = int.TryParse(args.ElementAtOrDefault(i + 1), out var number) && number >= 0;
    switch (args[i])
    {
        case "--verbose": options = options with { IsVerbose = true }; continue;
        case "--schedules" when isNumber: options = options with { Schedules = number }; break;
        case "--seed" when isNumber: options = options with { Seed = number }; break;
        case "--minutes" when isNumber:
            options = options with { Within = TimeSpan.FromMinutes(number) };
            break;
        case "--store" when Enum.TryParse<StoreKind>(
            args.ElementAtOrDefault(i + 1), ignoreCase: true, out var store):
            options = options with { Store = store };
            break;
        case "--network" when Enum.TryParse<NetworkKind>(
            args.ElementAtOrDefault(i + 1), ignoreCase: true, out var network):
            options = options with { Network = network };
            break;
        case "--artifacts" when i + 1 < args.Length:
            options = options with { Artifacts = args[i + 1] };
            break;
        default: await Console.Error.WriteLineAsync($"'{args[i]}'?\n{usage}"); return 2;
    }

    i++;
}

if (FaultSchedules.WhyNot(options) is { } why)
{
    await Console.Error.WriteLineAsync($"nemesis: {options.Store}, {options.Network}: {why}");
    return 2;
}

// What was started ends, and what was made is removed, also when a person has enough.
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    var violations = await new FaultSchedules(options, Console.Out).RunAsync(stop.Token);
    return violations.Count == 0 ? 0 : 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("nemesis: interrupted");
    return 1;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

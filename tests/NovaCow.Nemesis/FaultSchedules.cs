using NovaCow.Nemesis.Checks;
using NovaCow.Nemesis.Fleet;
using NovaCow.Nemesis.Network;
using NovaCow.Nemesis.Schedules;
using NovaCow.Testing.Postgres;

namespace NovaCow.Nemesis;

/// <summary>Runs schedules of faults over real processes, each on a fleet of its own, and says
/// what was violated. A seed gives the same schedule again; what the processes make of it is up to
/// the machine.</summary>
public sealed class FaultSchedules(NemesisOptions options, TextWriter output)
{
    /// <summary>The same options with PostgreSQL and namespaces, where this machine can do them.
    /// </summary>
    public static NemesisOptions WithAllThereIs(NemesisOptions options)
    {
        var postgres = options with { Store = StoreKind.Postgres };
        options = WhyNot(postgres) is null ? postgres : options;
        var namespaces = options with { Network = NetworkKind.Namespaces };
        return WhyNot(namespaces) is null ? namespaces : options;
    }

    /// <summary>Why these options cannot be had on this machine; null: they can.</summary>
    public static string? WhyNot(NemesisOptions options) =>
        (options.Store == StoreKind.Postgres ? PrivatePostgres.Unavailable : null)
            ?? (options.Network == NetworkKind.Namespaces ? NamespaceNetwork.WhyNot : null);

    /// <summary>Runs them all.</summary>
    /// <returns>The violations, each with its seed.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken ct)
    {
        if (SmallDisk.WhyNot is { } why)
            await output.WriteLineAsync($"no disk is filled: {why}");
        var shape = new FleetShape
        {
            HasDatabase = options.Store == StoreKind.Postgres,
            SmallHost = SmallDisk.WhyNot is null ? Parts.Host(3) : null,
        };
        var violations = new List<string>();
        var (run, failed) = (0, 0);
        var begun = new Timeline();
        for (; run < options.Schedules && begun.Now < options.Within; run++)
        {
            var schedule = ScheduleGenerator.Generate(options.Seed + run, shape);
            var found = await TryRunAsync(schedule, shape, ct);
            failed += found.Count > 0 ? 1 : 0;
            violations.AddRange(found.Select(v => $"seed {schedule.Seed}: {v}"));
        }

        if (run < options.Schedules)
        {
            await output.WriteLineAsync(
                $"{options.Schedules - run} schedules were not begun: {options.Within} are over");
        }

        await output.WriteLineAsync(
            $"nemesis: {run} schedules, {violations.Count} violations in {failed}, "
                + $"seeds {options.Seed} to {options.Seed + run - 1}, {options.Store}, "
                + $"{options.Network}, {begun.Now.TotalSeconds:F0} s");
        return violations;
    }

    private async Task<IReadOnlyList<string>> TryRunAsync(
        Schedule schedule, FleetShape shape, CancellationToken ct)
    {
        try
        {
            return await RunAsync(schedule, shape, ct);
        }
        catch (NotHealedException e)
        {
            await output.WriteLineAsync($"seed {schedule.Seed}: {e.Message}");
            return [e.Message.Split('\n')[0]];
        }
    }

    private async Task<IReadOnlyList<string>> RunAsync(
        Schedule schedule, FleetShape shape, CancellationToken ct)
    {
        if (options.IsVerbose)
            await output.WriteLineAsync($"seed {schedule.Seed}:\n{schedule}");
        await using var fleet = await TestFleet.StartAsync(
            shape,
            options.Network == NetworkKind.Namespaces
                ? await NamespaceNetwork.CreateAsync(shape.Nodes)
                : new ProxyNetwork(),
            async folder => options.Store == StoreKind.Postgres
                ? await PostgresEngine.StartAsync()
                : new SqliteEngine(folder),
            ct);
        await using var store = await fleet.Store.OpenAsync();
        using var run = new ScheduleRun(fleet, schedule, new StoreWatch(store, fleet.Timeline));
        await run.RunAsync(ct);
        var violations = run.Violations;
        await output.WriteLineAsync(
            $"seed {schedule.Seed}: {run.Summary}, {violations.Count} violations");
        if (violations.Count > 0 || options.IsVerbose)
            await TellAsync(schedule, fleet, run);
        return violations;
    }

    private async Task TellAsync(Schedule schedule, TestFleet fleet, ScheduleRun run)
    {
        var story = $"""
            seed {schedule.Seed}
            {string.Join('\n', run.Violations.Select(v => $"VIOLATION {v}"))}
            schedule
            {schedule}
            timeline
            {fleet.Timeline}
            """;
        await output.WriteLineAsync(story);
        if (run.Violations.Count == 0)
            return;
        var folder = Path.GetFullPath(Path.Combine(options.Artifacts, $"seed-{schedule.Seed}"));
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "story.txt"), $"{story}\noperations\n{run.History}\n");
        await fleet.KeepLogsAsync(folder);
        await output.WriteLineAsync($"logs are in {folder}");
    }
}

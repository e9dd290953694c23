using NovaCow.Nemesis.Network;
using NovaCow.Nemesis.Schedules;

namespace NovaCow.Nemesis.Fleet;

/// <summary>Does what a schedule says to a fleet, and undoes it.</summary>
internal sealed class FaultRunner(TestFleet fleet, Func<string?> leader)
{
    private readonly List<(Fault.Cut Cut, IReadOnlyList<PathCut> Paths)> _cuts = [];
    private readonly SemaphoreSlim _network = new(1);
    private readonly SemaphoreSlim _database = new(1);
    private readonly SemaphoreSlim _disk = new(1);

    /// <summary>Does all of it; returns when the last fault is undone.</summary>
    public Task RunAsync(Schedule schedule, CancellationToken ct) =>
        Task.WhenAll(schedule.Steps.Select(step => RunAsync(step, ct)));

    private async Task RunAsync(Step step, CancellationToken ct)
    {
        var wait = step.At - fleet.Timeline.Now;
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, ct);
        switch (step.Fault)
        {
            case Fault.Kill kill:
                await AwayAsync(kill.Node, step, n => n.Process.KillAsync(), ct);
                break;
            case Fault.Stop stop:
                await AwayAsync(stop.Node, step, StopAsync, ct);
                break;
            case Fault.Pause pause:
                await PauseAsync(pause.Node, step, ct);
                break;
            case Fault.Cut cut:
                await CutAsync(cut, step, ct);
                break;
            case Fault.LoseDatabase lose:
                await InTurnAsync(
                    _database,
                    step,
                    () => fleet.Store.LoseAsync(lose.IsKilled),
                    fleet.Store.ReturnAsync,
                    ct);
                break;
            case Fault.FillDisk:
                await InTurnAsync(
                    _disk, step, () => Task.Run(fleet.SmallDisk.Fill), FreeAsync, ct);
                break;
        }
    }

    private Task AwayAsync(
        string target, Step step, Func<FleetNode, Task> end, CancellationToken ct)
    {
        if (Find(target) is not { } node)
            return SkipAsync(step, "nobody leads");
        return InTurnAsync(
            node.Turn,
            step,
            () => end(node),
            () =>
            {
                node.Start();
                return Task.CompletedTask;
            },
            ct,
            node.Name);
    }

    private async Task StopAsync(FleetNode node)
    {
        var code = await node.Process.StopAsync();
        fleet.Timeline.Note($"{node.Name} stopped with {code}");
    }

    private Task PauseAsync(string target, Step step, CancellationToken ct) =>
        Find(target) is { } node
            ? InTurnAsync(
                node.Turn,
                step,
                () => node.Process.SignalAsync("STOP"),
                () => node.Process.SignalAsync("CONT"),
                ct,
                node.Name)
            : SkipAsync(step, "nobody leads");

    private async Task CutAsync(Fault.Cut cut, Step step, CancellationToken ct)
    {
        var paths = PathsOf(cut).ToList();
        if (paths.Count == 0)
        {
            await SkipAsync(step, "nobody leads");
            return;
        }

        fleet.Timeline.Note($"{cut}: {string.Join(", ", paths.Select(p => $"{p.From}>{p.To}"))}");
        await ChangeCutsAsync(cuts => cuts.Add((cut, paths)));
        await Task.Delay(step.For, ct);
        await ChangeCutsAsync(cuts => cuts.RemoveAll(c => ReferenceEquals(c.Paths, paths)));
        fleet.Timeline.Note($"healed: {cut}");
    }

    private async Task ChangeCutsAsync(
        Action<List<(Fault.Cut Cut, IReadOnlyList<PathCut> Paths)>> change)
    {
        await _network.WaitAsync();
        try
        {
            change(_cuts);
            await fleet.Network.SetAsync([.. _cuts.SelectMany(c => c.Paths).Distinct()]);
        }
        finally
        {
            _network.Release();
        }
    }

    // What is down already is not taken down again: the schedule is random.
    private async Task InTurnAsync(
        SemaphoreSlim turn,
        Step step,
        Func<Task> doIt,
        Func<Task> undo,
        CancellationToken ct,
        string? who = null)
    {
        if (!await turn.WaitAsync(TimeSpan.Zero, ct))
        {
            await SkipAsync(step, "it is away already");
            return;
        }

        try
        {
            fleet.Timeline.Note($"{step.Fault}{(who is null ? "" : $": {who}")}");
            await doIt();
            await Task.Delay(step.For, ct);
            await undo();
            fleet.Timeline.Note($"undone: {step.Fault}{(who is null ? "" : $": {who}")}");
        }
        finally
        {
            turn.Release();
        }
    }

    private Task FreeAsync()
    {
        fleet.SmallDisk.Free();
        return Task.CompletedTask;
    }

    private Task SkipAsync(Step step, string why)
    {
        fleet.Timeline.Note($"not done: {step.Fault}: {why}");
        return Task.CompletedTask;
    }

    private FleetNode? Find(string target) =>
        (target == Parts.Leader ? leader() : target) is { } name ? fleet.Node(name) : null;

    private IEnumerable<PathCut> PathsOf(Fault.Cut cut)
    {
        var pairs = from a in Members(cut.From) from b in Members(cut.To) where a != b select (a, b);
        foreach (var (a, b) in pairs)
        {
            if (cut.Way != CutWay.Back)
                yield return new PathCut(a, b, cut.Way == CutWay.Refused);
            if (cut.Way is CutWay.Back or CutWay.Both)
                yield return new PathCut(b, a, IsRefused: false);
        }
    }

    private IEnumerable<string> Members(string part) => part switch
    {
        Parts.Hosts => fleet.Hosts,
        Parts.Controls => fleet.Controls,
        Parts.Leader => leader() is { } name ? [name] : [],
        _ => [part],
    };
}

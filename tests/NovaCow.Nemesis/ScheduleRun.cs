using System.Globalization;
using NovaCow.Client;
using NovaCow.Nemesis.Checks;
using NovaCow.Nemesis.Clients;
using NovaCow.Nemesis.Fleet;
using NovaCow.Nemesis.Schedules;

namespace NovaCow.Nemesis;

/// <summary>One schedule over one fleet: clients work, faults are done, all is healed, and what
/// must hold is looked at.</summary>
internal sealed class ScheduleRun : IDisposable
{
    private const int Clients = 3;
    private static readonly TimeSpan SettledWithin = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan StoresWithin = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RestAfter = TimeSpan.FromSeconds(1);
    private readonly TestFleet _fleet;
    private readonly Schedule _schedule;
    private readonly StoreWatch _watch;
    private readonly NovaCowClient _client;
    private readonly List<string> _violations = [];

    public ScheduleRun(TestFleet fleet, Schedule schedule, StoreWatch watch)
    {
        (_fleet, _schedule, _watch) = (fleet, schedule, watch);
        _client = new NovaCowClient(fleet.Network.ListenOf(fleet.Controls.First()));
    }

    public History History { get; } = new();

    public IReadOnlyList<string> Violations => [.. _violations, .. _watch.Violations];

    /// <summary>What happened, in a line.</summary>
    public string Summary
    {
        get
        {
            var launches = History.Operations.Where(o => o.Kind == OperationKind.Launch).ToList();
            var deletes = History.Operations.Where(o => o.Kind == OperationKind.Delete).ToList();
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{_schedule.Steps.Count} faults, {launches.Count} launches ({Told(launches)} "
                    + $"acknowledged), {deletes.Count} deletes ({Told(deletes)}), "
                    + $"{_watch.EventCount} events, {_watch.Epoch} epochs, "
                    + $"{_fleet.Timeline.Now.TotalSeconds:F1} s");
        }
    }

    public async Task RunAsync(CancellationToken ct)
    {
        using var stopWatch = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watching = Task.Run(() => _watch.RunAsync(stopWatch.Token), ct);
        try
        {
            await DoAsync(ct);
            await _fleet.UntilReadyAsync(ct);
            await CheckAsync(ct);
        }
        catch (NotHealedException e)
        {
            _violations.Add($"not healed: {e.Message}");
        }
        finally
        {
            await stopWatch.CancelAsync();
            await watching;
        }
    }

    public void Dispose() => _client.Dispose();

    private static int Told(IEnumerable<Operation> operations) =>
        operations.Count(o => o.Outcome == Outcome.Acknowledged);

    private async Task DoAsync(CancellationToken ct)
    {
        var start = _fleet.Timeline.Now;
        var shifted = _schedule with
        {
            Steps = [.. _schedule.Steps.Select(s => s with { At = start + s.At })],
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var clients = Enumerable.Range(1, Clients)
            .Select(i => new FleetClient($"c{i}", _schedule.Seed + i, _fleet, History))
            .ToList();
        var working = clients.ConvertAll(c => c.RunAsync(stop.Token));
        try
        {
            _fleet.Timeline.Note("clients and faults begin");
            await new FaultRunner(_fleet, () => _watch.Leader).RunAsync(shifted, ct);
            await Task.Delay(RestAfter, ct);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(working);
            clients.ForEach(c => c.Dispose());
            _fleet.Timeline.Note("clients have ended, all is healed");
        }
    }

    private async Task CheckAsync(CancellationToken ct)
    {
        await LaunchAfterwardsAsync(ct);
        IReadOnlyList<InstanceResource> instances = [];
        var unsettled = await Patience.UntilAsync(
            async () =>
            {
                instances = await ListAsync(ct);
                return instances.FirstOrDefault(i => i.State is not ("active" or "failed")) is { } i
                    ? $"{i.Id} is {i.State} on {i.Host}: {i.Reason}"
                    : null;
            },
            SettledWithin,
            ct);
        if (unsettled is not null)
            _violations.Add($"not settled: {unsettled}");
        _fleet.Timeline.Note("settled");
        var complaint = await Patience.UntilAsync(
            () => Task.FromResult(HostStores.Complaint(_fleet, instances)), StoresWithin, ct);
        if (complaint is not null)
            _violations.Add(complaint);
        _violations.AddRange(HostStores.Doubled(_fleet));
        _violations.AddRange(HistoryCheck.Violations(History.Operations, instances));
        _violations.AddRange(Downloads());
        _violations.AddRange(
            await HostStores.CheckDisksAsync(instances, new Random(_schedule.Seed)));
        await _watch.CompareAsync(ct);
        _violations.AddRange(
            JournalCheck.Violations(_watch.Events, _watch.SaveAndRead, await ListAsync(ct)));
    }

    // The fleet is of use again.
    private async Task LaunchAfterwardsAsync(CancellationToken ct)
    {
        using var client = new FleetClient("after", _schedule.Seed, _fleet, History);
        await client.LaunchOneAsync(ct);
    }

    private IEnumerable<string> Downloads() => DownloadCheck.Violations(
        _fleet.Images.Downloads,
        node => _fleet.Hosts.Contains(node),
        _schedule.Steps.Select(s => s.Fault).OfType<Fault.FillDisk>().Select(f => f.Host).ToHashSet());

    private async Task<IReadOnlyList<InstanceResource>> ListAsync(CancellationToken ct)
    {
        var all = new List<InstanceResource>();
        string? after = null;
        do
        {
            var page = await _client.ListInstancesAsync(after, 500, ct);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return all;
    }
}

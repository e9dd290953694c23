using System.Text.Json;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Nemesis.Checks;

/// <summary>What must hold of the journal by itself, and of what it says beside the API. Pure.
/// </summary>
internal static class JournalCheck
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <param name="events">The whole journal.</param>
    /// <param name="saveAndRead">Takes a part of a snapshot through the store's format.</param>
    /// <param name="instances">What the API lists, at rest.</param>
    public static IEnumerable<string> Violations(
        IReadOnlyList<SchedulerEvent> events,
        Func<object, object> saveAndRead,
        IReadOnlyList<InstanceResource> instances)
    {
        var whole = Replay([], events);
        var middle = events.Count / 2;
        var saved = Replay([], events.Take(middle)).ToSnapshot().Parts().Select(saveAndRead);
        var halves = Replay(saved, events.Skip(middle));
        return Differences(whole, halves)
            .Concat(OnItsOwn(events))
            .Concat(BesideTheApi(whole, instances));
    }

    private static SchedulerState Replay(
        IEnumerable<object> saved, IEnumerable<SchedulerEvent> events)
    {
        var core = new SchedulerCore(new SchedulerLimits(), Flavors.Defaults, epoch: 1);
        foreach (var part in saved)
            core.RecoverPart(part);
        foreach (var happened in events)
            core.Recover(happened);
        return core.State;
    }

    private static IEnumerable<string> Differences(SchedulerState a, SchedulerState b)
    {
        var (first, second) = (Lines(a), Lines(b));
        return first.Except(second).Concat(second.Except(first)).Select(
            line => $"replayed with a snapshot and without, this differs: {line}");
    }

    private static HashSet<string> Lines(SchedulerState state) =>
    [
        $"cluster {state.Cluster}",
        .. state.Images.Values.Select(Line),
        .. state.Hosts.Values.Select(Line),
        .. state.Launches.Values.Select(Line),
        .. state.Deleted.All.Select(Line),
        .. state.Waiting.Select(w => $"waiting {w.Id}"),
        .. state.Hosts.Keys.Select(h => $"claims of {h}: {state.ClaimsOf(h)}"),
        .. state.Hosts.Keys.SelectMany(h => state.OpenOn(h).Select(id => $"open on {h}: {id}")),
    ];

    private static string Line<T>(T record) => JsonSerializer.Serialize(record, Json);

    private static IEnumerable<string> OnItsOwn(IReadOnlyList<SchedulerEvent> events)
    {
        var epoch = 0L;
        var committed = new Dictionary<InstanceId, HostId>();
        foreach (var happened in events)
        {
            switch (happened)
            {
                case LaunchPlaced placed when placed.Fence.Epoch < epoch:
                    yield return $"{placed.Id} was placed under epoch {placed.Fence.Epoch} after "
                        + $"epoch {epoch} had begun";
                    break;
                case LaunchPlaced placed:
                    epoch = placed.Fence.Epoch;
                    break;
                case LaunchAccepted accepted:
                    committed.Remove(accepted.Id);
                    break;
                case LaunchCommitted c when committed.TryGetValue(c.Id, out var host)
                    && host != c.Host:
                    yield return $"{c.Id} was committed to {host} and to {c.Host}";
                    break;
                case LaunchCommitted c:
                    committed[c.Id] = c.Host;
                    break;
            }
        }
    }

    private static IEnumerable<string> BesideTheApi(
        SchedulerState state, IReadOnlyList<InstanceResource> instances)
    {
        var journal = state.Launches.Values
            .Select(l => $"{l.Id} {l.Phase.ToString().ToLowerInvariant()} {l.Host} {l.Attempt}")
            .ToHashSet();
        var api = instances.Select(i => $"{i.Id} {i.State} {i.Host} {i.Attempt}").ToHashSet();
        return journal.Except(api).Select(l => $"the journal says {l}, the API does not")
            .Concat(api.Except(journal).Select(l => $"the API says {l}, the journal does not"));
    }
}

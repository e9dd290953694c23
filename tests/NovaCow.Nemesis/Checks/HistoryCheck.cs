using NovaCow.Client;
using NovaCow.Nemesis.Clients;

namespace NovaCow.Nemesis.Checks;

/// <summary>Holds what clients were told against what there is at the end. What they were not told
/// may be either way. Pure.</summary>
internal static class HistoryCheck
{
    public static IEnumerable<string> Violations(
        IReadOnlyCollection<Operation> operations, IReadOnlyList<InstanceResource> instances)
    {
        var there = instances.ToDictionary(i => i.Id);
        var byId = operations.SelectMany(o => o.Ids.Select(id => (id, o))).ToLookup(p => p.id, p => p.o);
        return byId.SelectMany(of => OfOne(of.Key, [.. of], there.GetValueOrDefault(of.Key)))
            .Concat(operations.SelectMany(o => Refused(o, operations)))
            .Concat(there.Keys.Where(id => !byId.Contains(id))
                .Select(id => $"{id} is there, and nobody launched it"));
    }

    private static IEnumerable<string> OfOne(
        string id, IReadOnlyList<Operation> operations, InstanceResource? instance)
    {
        var launched = operations.Any(
            o => o is { Kind: OperationKind.Launch, Outcome: Outcome.Acknowledged });
        var deletes = operations.Where(o => o.Kind == OperationKind.Delete).ToList();
        if (launched && deletes.Count == 0 && instance is null)
            yield return $"{id} was acknowledged and is not there";
        if (deletes.Exists(o => o.Outcome == Outcome.Acknowledged) && instance is not null)
            yield return $"{id} was deleted, which was acknowledged, and is {instance.State}";
        if (instance is { State: not ("active" or "failed") })
            yield return $"{id} has not settled: {instance.State}, {instance.Reason}";
        if (instance is { State: "failed", ErrorCode: null })
            yield return $"{id} failed, and no failure is recorded";
    }

    // Ids are the clients' own and every request is right, so there is nothing to refuse; but a
    // deletion whose answer was lost may be asked for again.
    private static IEnumerable<string> Refused(
        Operation operation, IReadOnlyCollection<Operation> all)
    {
        if (operation.Outcome != Outcome.Refused)
            yield break;
        var isAgain = operation is { Kind: OperationKind.Delete, Status: 404 } && all.Any(
            o => o.Kind == OperationKind.Delete && o.InvokedAt < operation.InvokedAt
                && o.Ids[0] == operation.Ids[0]);
        if (!isAgain)
            yield return $"refused: {operation}";
    }
}

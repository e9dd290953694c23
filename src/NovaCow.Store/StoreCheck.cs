using NovaCow.Runtime.Persistence;

namespace NovaCow.Store;

/// <summary>Reads all of a store and says what is wrong with it.</summary>
public sealed class StoreCheck
{
    /// <summary>Problems that are told; further ones are only counted.</summary>
    private const int TellLimit = 50;

    private readonly Func<StoredPayload, string?> _read;
    private readonly List<string> _problems = [];
    private long _problemCount;
    private long _streams;
    private long _events;
    private long _snapshots;

    private StoreCheck(Func<StoredPayload, string?> read) => _read = read;

    /// <param name="view">The store.</param>
    /// <param name="read">Reads a payload as its actor would; what is wrong with it, or null.
    /// </param>
    /// <param name="cancellationToken">Stops in the midst.</param>
    public static Task<StoreReport> RunAsync(
        IStoreView view, Func<StoredPayload, string?> read, CancellationToken cancellationToken) =>
        new StoreCheck(read).RunAsync(view, cancellationToken);

    private async Task<StoreReport> RunAsync(IStoreView view, CancellationToken cancellationToken)
    {
        foreach (var problem in await view.ProblemsAsync(cancellationToken)) Tell(problem);
        await foreach (var stream in view.StreamsAsync(cancellationToken))
            await CheckAsync(view, stream, cancellationToken);
        return new StoreReport
        {
            SchemaVersion = view.SchemaVersion,
            Streams = _streams,
            Events = _events,
            Snapshots = _snapshots,
            Leases = await view.LeasesAsync(cancellationToken),
            Problems = _problems,
            ProblemCount = _problemCount,
        };
    }

    /// <summary>
    /// A recovery begins after the snapshot, or with the oldest event, and must then find every
    /// event up to the highest. What is older may have been deleted.
    /// </summary>
    private async Task CheckAsync(
        IStoreView view, StoredStream stream, CancellationToken cancellationToken)
    {
        var (id, highest) = (stream.PersistenceId, stream.HighestSequenceNr);
        _streams++;
        var snapshot = await view.SnapshotAsync(id, cancellationToken);
        if (snapshot is not null) CheckSnapshot(snapshot, highest);
        var reached = snapshot?.SequenceNr;
        await foreach (var stored in view.EventsAsync(id, cancellationToken))
        {
            _events++;
            var number = stored.SequenceNr;
            if (_read(stored.Payload) is { } problem)
                Tell($"stream {id}: event {number}: {problem}");
            if (reached is { } last && number > last + 1) Tell(Gap(id, last + 1, number - 1));
            reached = Math.Max(reached ?? 0, number);
        }
        if (reached < highest) Tell(Gap(id, reached.Value + 1, highest));
        if (reached > highest)
            Tell($"stream {id}: it goes to event {reached}, and is said to end at {highest}");
    }

    private void CheckSnapshot(SnapshotRecord snapshot, long highest)
    {
        _snapshots++;
        var (id, number) = (snapshot.PersistenceId, snapshot.SequenceNr);
        if (_read(snapshot.Payload) is { } problem) Tell($"stream {id}: its snapshot: {problem}");
        if (number > highest)
            Tell($"stream {id}: its snapshot is of event {number}, beyond its end at {highest}");
    }

    private static string Gap(string id, long first, long last) => first == last
        ? $"stream {id}: event {first} is missing"
        : $"stream {id}: events {first} to {last} are missing";

    private void Tell(string problem)
    {
        if (++_problemCount <= TellLimit) _problems.Add(problem);
    }
}

/// <summary>What a check found.</summary>
public sealed record StoreReport
{
    public required int SchemaVersion { get; init; }

    public required long Streams { get; init; }

    public required long Events { get; init; }

    public required long Snapshots { get; init; }

    public required IReadOnlyList<Lease> Leases { get; init; }

    /// <summary>A sentence for each; the first of them.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>How many there are; 0 when the store is sound.</summary>
    public required long ProblemCount { get; init; }
}

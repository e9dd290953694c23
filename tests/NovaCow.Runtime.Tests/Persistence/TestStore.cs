using System.Runtime.CompilerServices;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Runtime.Tests.Persistence;

/// <summary>A store in memory whose writes and reads a test can hold up, count and let fail.
/// </summary>
internal sealed class TestStore : IStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Stream> _streams = new(StringComparer.Ordinal);
    private TaskCompletionSource? _gate;
    private int _reading;

    /// <summary>Every append that arrived, in order.</summary>
    public List<JournalAppend> Appends { get; } = [];

    /// <summary>The epoch of every lease; writes of another are fenced off.</summary>
    public long Epoch { get; set; } = 1;

    /// <summary>Fails the next append that has such an event.</summary>
    public Func<JournalAppend, Exception?> AppendFault { get; set; } = static _ => null;

    public Exception? ReadFault { get; set; }

    public Exception? SnapshotFault { get; set; }

    public Exception? DeleteFault { get; set; }

    /// <summary>It has a newer snapshot than any that comes.</summary>
    public bool KeepsSnapshot { get; set; }

    public int MostReadersAtOnce { get; private set; }

    /// <summary>From now on appends and reads wait until the result is disposed.</summary>
    public IDisposable Hold()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _gate = gate;
        return new Opener(() =>
        {
            _gate = null;
            gate.TrySetResult();
        });
    }

    public int CountAppends()
    {
        lock (_lock)
            return Appends.Count;
    }

    public async Task AppendAsync(JournalAppend append, CancellationToken cancellationToken)
    {
        lock (_lock)
            Appends.Add(append);
        await PassGateAsync();
        lock (_lock)
        {
            if (AppendFault(append) is { } fault)
                throw fault;
            if (append.Fence is { } fence && fence.Epoch != Epoch)
                throw new StoreFencedException($"epoch {fence.Epoch} is not {Epoch}");
            var stream = Find(append.PersistenceId);
            if (append.FirstSequenceNr != stream.Highest + 1)
                throw new StoreConflictException($"at {stream.Highest}");
            foreach (var payload in append.Events)
                stream.Events.Add(new(++stream.Highest, payload));
        }
    }

    public async IAsyncEnumerable<JournalEvent> ReadAsync(
        string persistenceId,
        long fromSequenceNr,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<JournalEvent> events;
        try
        {
            lock (_lock)
                MostReadersAtOnce = Math.Max(MostReadersAtOnce, ++_reading);
            await PassGateAsync();
            if (ReadFault is { } fault)
                throw fault;
            lock (_lock)
                events = Find(persistenceId).Events.FindAll(e => e.SequenceNr >= fromSequenceNr);
        }
        finally
        {
            lock (_lock)
                _reading--;
        }

        foreach (var stored in events)
            yield return stored;
    }

    public Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(Find(persistenceId).Highest);
    }

    public Task DeleteEventsAsync(
        string persistenceId, long toSequenceNr, Fence? fence, CancellationToken cancellationToken)
    {
        if (DeleteFault is { } fault)
            return Task.FromException(fault);
        lock (_lock)
            Find(persistenceId).Events.RemoveAll(e => e.SequenceNr <= toSequenceNr);
        return Task.CompletedTask;
    }

    public Task SaveSnapshotAsync(
        SnapshotRecord snapshot, Fence? fence, CancellationToken cancellationToken)
    {
        if (SnapshotFault is { } fault)
            return Task.FromException(fault);
        lock (_lock)
        {
            if (!KeepsSnapshot)
                Find(snapshot.PersistenceId).Snapshot = snapshot;
        }

        return Task.CompletedTask;
    }

    public Task<SnapshotRecord?> LoadSnapshotAsync(
        string persistenceId, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(Find(persistenceId).Snapshot);
    }

    public Task<Lease> AcquireLeaseAsync(
        LeaseRequest request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("leases are not what these tests are about");

    public Task<Lease?> ReadLeaseAsync(string name, CancellationToken cancellationToken) =>
        throw new NotSupportedException("leases are not what these tests are about");

    public Task ReleaseLeaseAsync(
        string name, string holder, CancellationToken cancellationToken) =>
        throw new NotSupportedException("leases are not what these tests are about");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task PassGateAsync() => _gate?.Task ?? Task.CompletedTask;

    private Stream Find(string id) =>
        _streams.TryGetValue(id, out var stream) ? stream : _streams[id] = new Stream();

    private sealed class Stream
    {
        public List<JournalEvent> Events { get; } = [];

        public long Highest { get; set; }

        public SnapshotRecord? Snapshot { get; set; }
    }

    private sealed class Opener(Action open) : IDisposable
    {
        public void Dispose() => open();
    }
}

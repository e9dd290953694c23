using NovaCow.Runtime.Persistence;

namespace NovaCow.Runtime.Tests.Cluster;

/// <summary>A store of leases only, that several nodes of a test share and that can fail.</summary>
internal sealed class FakeStore(TimeProvider time) : IStore
{
    private readonly Lock _gate = new();
    private readonly LeaseTable _table = new(() => time.GetUtcNow().TimeOfDay);

    /// <summary>Nothing comes back until the caller gives up.</summary>
    public bool IsStalled { get; set; }

    /// <summary>Every request fails.</summary>
    public bool IsDown { get; set; }

    public Task<Lease> AcquireLeaseAsync(
        LeaseRequest request, CancellationToken cancellationToken) =>
        Do(
            () => _table.Acquire(request.Holder, request.Address, request.TimeToLive),
            cancellationToken);

    public Task<Lease?> ReadLeaseAsync(string name, CancellationToken cancellationToken) =>
        Do(_table.Read, cancellationToken);

    public Task ReleaseLeaseAsync(
        string name, string holder, CancellationToken cancellationToken) =>
        Do<object?>(
            () =>
            {
                _table.Release(holder);
                return null;
            },
            cancellationToken);

    public Task AppendAsync(JournalAppend append, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<JournalEvent> ReadAsync(
        string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task DeleteEventsAsync(
        string persistenceId,
        long toSequenceNr,
        Fence? fence,
        CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task SaveSnapshotAsync(
        SnapshotRecord snapshot, Fence? fence, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<SnapshotRecord?> LoadSnapshotAsync(
        string persistenceId, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<T> Do<T>(Func<T> request, CancellationToken cancellationToken)
    {
        if (IsStalled)
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        if (IsDown)
            throw new StoreException("the store is down");
        lock (_gate)
            return request();
    }
}

using NovaCow.Actors.Protocols;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Nemesis.Checks;

/// <summary>Follows the journal and the lease in the store for the whole run, so that what was
/// once there can be held against what is there at the end.</summary>
internal sealed class StoreWatch(IStore store, Timeline timeline)
{
    private const string Stream = "scheduler";
    private const string LeaseName = "scheduler";
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private readonly MessageSerializer _serializer = WireMessages.Register(new MessageSerializer());
    private readonly List<JournalEvent> _followed = [];
    private Lease? _lease;
    private bool _isAway;

    /// <summary>What must never be seen, and was.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>The name of the node that holds the lease; null: none does.</summary>
    public string? Leader => _lease is { Holder.Length: > 0 } lease && lease.Remaining > default(TimeSpan)
        ? lease.Holder.Split('/')[0]
        : null;

    public long Epoch => _lease?.Epoch ?? 0;

    public int EventCount => _followed.Count;

    /// <summary>Looks until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stop);
                _isAway = false;
                await Task.Delay(LookEvery, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StoreException or OperationCanceledException)
            {
                if (!_isAway)
                    timeline.Note($"the store cannot be read: {e.Message}");
                _isAway = true;
                await Task.Delay(LookEvery, CancellationToken.None);
            }
        }
    }

    /// <summary>The journal's events as they were followed, read.</summary>
    public IReadOnlyList<SchedulerEvent> Events =>
        [.. _followed.Select(e => (SchedulerEvent)Read(e.Payload))];

    /// <summary>Reads the journal again, from its beginning: what was there must be there still.
    /// </summary>
    public async Task CompareAsync(CancellationToken ct)
    {
        await FollowAsync(ct);
        var index = 0;
        await foreach (var again in store.ReadAsync(Stream, 1, ct))
        {
            if (index >= _followed.Count)
                break;
            var before = _followed[index++];
            if (before.SequenceNr != again.SequenceNr
                || before.Payload.Manifest != again.Payload.Manifest
                || !before.Payload.Bytes.Span.SequenceEqual(again.Payload.Bytes.Span))
            {
                Violations.Add(
                    $"event {before.SequenceNr} ({before.Payload.Manifest}) was read again as "
                        + $"{again.SequenceNr} ({again.Payload.Manifest})");
            }
        }

        if (index < _followed.Count)
            Violations.Add($"{_followed.Count - index} events of the journal are gone");
    }

    /// <summary>A state as a snapshot in the store would bring it back.</summary>
    public object SaveAndRead(object snapshot)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        var manifest = _serializer.Serialize(snapshot, bytes);
        return _serializer.Deserialize(manifest, bytes.WrittenSpan);
    }

    private async Task LookAsync(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        if (await store.ReadLeaseAsync(LeaseName, limit.Token) is { } lease)
            Take(lease);
        await FollowAsync(limit.Token);
    }

    private void Take(Lease lease)
    {
        if (_lease is { } before)
        {
            if (lease.Epoch < before.Epoch)
                Violations.Add($"the epoch fell from {before.Epoch} to {lease.Epoch}");
            if (lease.Epoch == before.Epoch && lease.Holder != before.Holder
                && lease.Holder.Length > 0)
            {
                Violations.Add(
                    $"epoch {lease.Epoch} went from {before.Holder} to {lease.Holder}");
            }
        }

        if (lease.Epoch != _lease?.Epoch)
            timeline.Note($"epoch {lease.Epoch}: {lease.Holder} leads");
        _lease = lease;
    }

    private async Task FollowAsync(CancellationToken ct)
    {
        var next = _followed.Count + 1;
        await foreach (var happened in store.ReadAsync(Stream, next, ct))
        {
            if (happened.SequenceNr != next)
            {
                Violations.Add($"the journal goes from {next - 1} to {happened.SequenceNr}");
                return;
            }

            // The bytes may be the reader's own.
            _followed.Add(happened with
            {
                Payload = happened.Payload with { Bytes = happened.Payload.Bytes.ToArray() },
            });
            next++;
        }
    }

    private object Read(StoredPayload payload) =>
        _serializer.Deserialize(payload.Manifest, payload.Bytes.Span);
}

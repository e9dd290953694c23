using System.Collections.Concurrent;
using NovaCow.Core;

namespace NovaCow.Actors.Tests.Fakes;

/// <summary>Stores in memory that others read when their host is dead.</summary>
internal sealed partial class FakeDisk : IDeadStores, IStoreFences
{
    /// <summary>The stores of the shared file system, by their folder.</summary>
    public Func<string, FakeDisk>? Shared { get; set; }

    /// <summary>Whether a process has the store.</summary>
    public bool IsHeld { get; set; }

    public ConcurrentDictionary<InstanceId, EvacuationFence> Fences { get; } = new();

    public Task<DeadInstance> FenceAsync(
        DeadStore store, InstanceId id, CancellationToken cancellationToken) =>
        Begin("fence", cancellationToken, () =>
        {
            var other = OfDead(store);
            other.Fences[id] = new EvacuationFence(
                id, store.Attempt, store.Host, store.By, DateTimeOffset.UnixEpoch);
            return new DeadInstance(other.Records[id].IsOn);
        });

    public IReadOnlyList<EvacuationFence> ReadFences() => [.. Fences.Values];

    public void LiftFence(InstanceId id) => Fences.TryRemove(id, out _);

    private FakeDisk OfDead(DeadStore store)
    {
        var other = Shared!(store.Store.Folder);
        return other.IsHeld
            ? throw PortException.Final(LaunchErrorCode.InvalidRequest, "that host lives")
            : other;
    }

    private Task<Ensured<InstanceDisk>> TakeOverAsync(
        CloneRequest request, DeadStore dead, CancellationToken token) =>
        Begin("take-over", token, () =>
        {
            var theirs = OfDead(dead).Disks[(request.Instance, request.Disk)];
            var made = NewDisk(request) with { BackingFile = theirs.BackingFile };
            return new Ensured<InstanceDisk>(
                made, Disks.TryAdd((request.Instance, request.Disk), made));
        });
}

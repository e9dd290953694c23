using System.Collections.Concurrent;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Runtime.Persistence;

/// <summary>
/// What the persistent actors of a system share: the store, the serializer and the permits for
/// recovery. It owns none of them; whoever registered the store closes it after the system.
/// </summary>
public sealed class PersistenceExtension
{
    /// <summary>Actors that recover at once; the others wait, and their commands with them.
    /// </summary>
    public const int RecoveryLimit = 64;

    private readonly SemaphoreSlim _recoveries = new(RecoveryLimit);
    private readonly ConcurrentDictionary<string, Task> _writes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _saves = new(StringComparer.Ordinal);
    private readonly ActivityCounter? _activity;

    private PersistenceExtension(ActorSystem system, IStore store, MessageSerializer serializer)
    {
        _activity = system.Options.Activity;
        Store = store;
        Serializer = serializer;
    }

    public IStore Store { get; }

    public MessageSerializer Serializer { get; }

    /// <summary>Gives a system its store. Do it before the first persistent actor is made.
    /// </summary>
    /// <exception cref="InvalidOperationException">It has another one already.</exception>
    public static PersistenceExtension Register(
        ActorSystem system, IStore store, MessageSerializer serializer)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(serializer);
        var extension = system.RegisterExtension(
            s => new PersistenceExtension(s, store, serializer));
        return extension.Store == store && extension.Serializer == serializer
            ? extension
            : throw new InvalidOperationException(
                $"actor system {system.Name} has a store already: register one, once");
    }

    /// <exception cref="InvalidOperationException">Nothing was registered.</exception>
    public static PersistenceExtension For(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return system.GetExtension<PersistenceExtension>()
            ?? throw new InvalidOperationException(
                $"actor system {system.Name} has no store: call PersistenceExtension.Register "
                + "before making persistent actors");
    }

    /// <summary>Appends, and lets a recovery of the same stream wait for it: the instance that
    /// began the write may be gone before it ends.</summary>
    internal Task AppendAsync(JournalAppend append) => TrackAsync(
        _writes, append.PersistenceId, () => Store.AppendAsync(append, CancellationToken.None));

    /// <summary>Saves a snapshot in parts beside the actor, and lets a recovery wait for it as for
    /// an append: it would read parts that are being replaced.</summary>
    internal Task SaveAsync(SnapshotMetadata metadata, IEnumerable<object> parts, Fence? fence) =>
        TrackAsync(
            _saves,
            metadata.PersistenceId,
            () => Task.Run(() => SnapshotParts.SaveAsync(this, metadata, parts, fence)));

    private async Task TrackAsync(
        ConcurrentDictionary<string, Task> underWay, string persistenceId, Func<Task> begin)
    {
        Task? work = null;
        _activity?.Begin();
        try
        {
            work = begin();
            underWay[persistenceId] = work;
            await work.ConfigureAwait(false);
        }
        finally
        {
            if (work is not null)
                underWay.TryRemove(new(persistenceId, work));
            _activity?.End();
        }
    }

    /// <summary>Waits for a permit and until nothing is being written to the stream.</summary>
    /// <returns>Gives the permit back when disposed.</returns>
    internal async Task<IDisposable> BeginRecoveryAsync(string persistenceId)
    {
        await _recoveries.WaitAsync().ConfigureAwait(false);
        _activity?.Begin();
        foreach (var underWay in (ConcurrentDictionary<string, Task>[])[_writes, _saves])
        {
            if (underWay.TryGetValue(persistenceId, out var work))
                await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return new Permit(this);
    }

    private sealed class Permit(PersistenceExtension extension) : IDisposable
    {
        public void Dispose()
        {
            extension._recoveries.Release();
            extension._activity?.End();
        }
    }
}

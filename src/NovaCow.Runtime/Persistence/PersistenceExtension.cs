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
    internal async Task AppendAsync(JournalAppend append)
    {
        Task? write = null;
        _activity?.Begin();
        try
        {
            write = Store.AppendAsync(append, CancellationToken.None);
            _writes[append.PersistenceId] = write;
            await write.ConfigureAwait(false);
        }
        finally
        {
            if (write is not null)
                _writes.TryRemove(new(append.PersistenceId, write));
            _activity?.End();
        }
    }

    /// <summary>Waits for a permit and until nothing is being written to the stream.</summary>
    /// <returns>Gives the permit back when disposed.</returns>
    internal async Task<IDisposable> BeginRecoveryAsync(string persistenceId)
    {
        await _recoveries.WaitAsync().ConfigureAwait(false);
        _activity?.Begin();
        if (_writes.TryGetValue(persistenceId, out var write))
            await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

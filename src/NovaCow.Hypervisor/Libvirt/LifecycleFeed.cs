using System.Collections.Concurrent;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Turns a connection's events into those of this host's machines, in order, on a thread of its
/// own; and after a connection was lost, or events were, finds out what changed from a new list.
/// </summary>
internal sealed class LifecycleFeed : IDisposable
{
    /// <summary>Events that may wait; when there are more, a list is made instead.</summary>
    public const int MaxWaiting = 8192;

    /// <summary>A thread that still waits for libvirt is not waited for any longer.</summary>
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(5);

    /// <summary>An event that has not come by then was lost.</summary>
    private static readonly TimeSpan ToldWithin = TimeSpan.FromSeconds(5);

    private readonly BlockingCollection<Item> _waiting = new(MaxWaiting);
    private readonly Lock _expecting = new();
    private readonly List<Expectation> _expectations = [];
    private readonly Lock _telling = new();
    private readonly List<Action<MachineEvent>> _observers = [];
    private readonly List<Untold> _untold = [];
    private readonly KnownDomains _known;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private int _missed;

    public LifecycleFeed(string host, TimeProvider time)
    {
        _known = new KnownDomains(host, Tell);
        _time = time;
        _thread = new Thread(Run) { IsBackground = true, Name = "machine events" };
        _thread.Start();
    }

    /// <summary>Tells this callee from now on, until disposed.</summary>
    public IDisposable Observe(Action<MachineEvent> onEvent)
    {
        lock (_telling)
            _observers.Add(onEvent);
        return new Observation(this, onEvent);
    }

    /// <summary>Makes a call that turns a machine on or off, and returns once observers have been
    /// told so: what the call did is never news after it.</summary>
    /// <param name="id">The machine.</param>
    /// <param name="isOn">What it is to be.</param>
    /// <param name="call">The call.</param>
    /// <param name="hasChanged">Whether the call has made it so: else there is no news.</param>
    public async Task<T> ToldAfterAsync<T>(
        InstanceId id, bool isOn, Func<Task<T>> call, Func<T, bool> hasChanged)
    {
        var untold = new Untold(id, isOn);
        lock (_telling)
            _untold.Add(untold);
        try
        {
            var result = await call();
            if (hasChanged(result))
            {
                await untold.Told.Task.WaitAsync(ToldWithin, _time)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return result;
        }
        finally
        {
            lock (_telling)
                _untold.Remove(untold);
        }
    }

    /// <summary>Waits for events of domains', this host's or not, from now on.</summary>
    public Expectation Expect(Func<DomainSignal, bool> isIt)
    {
        var expectation = new Expectation(isIt, _time, Forget);
        lock (_expecting)
            _expectations.Add(expectation);
        return expectation;
    }

    /// <summary>Waits for a domain to be off, from now on.</summary>
    public Expectation ExpectStop(string uuid) => Expect(signal =>
        signal.Id == DomainEventId.Lifecycle && signal.Event == LifecycleEvent.Stopped
            && signal.Uuid == uuid);

    /// <summary>A connection is open: what came before may be incomplete.</summary>
    public void OnOpened(Connection connection)
    {
        Add(new Item(null, connection));
        lock (_expecting)
            _expectations.ForEach(expectation => expectation.LookAgain());
    }

    /// <summary>An event; called on libvirt's thread, and never blocks.</summary>
    public void OnSignal(DomainSignal signal)
    {
        if (signal.Id == DomainEventId.Lifecycle)
            Add(new Item(signal, null));
        lock (_expecting)
            _expectations.ForEach(expectation => expectation.Offer(signal));
    }

    /// <summary>Tells nobody anything more.</summary>
    public void Dispose()
    {
        lock (_telling)
            _observers.Clear();
        _waiting.CompleteAdding();
        if (Thread.CurrentThread != _thread)
            _thread.Join(EndsWithin);
    }

    private void Add(Item item)
    {
        try
        {
            if (!_waiting.TryAdd(item))
                Interlocked.Exchange(ref _missed, 1);
        }
        catch (InvalidOperationException)
        {
            // Disposed: nobody is told any more.
        }
    }

    private void Run()
    {
        foreach (var item in _waiting.GetConsumingEnumerable())
        {
            if (item.Opened is not null)
                _known.Relist(item.Opened);
            if (item.Signal is { } signal)
                _known.OnSignal(signal);
            if (Interlocked.Exchange(ref _missed, 0) != 0)
                _known.Relist();
        }

        _waiting.Dispose();
    }

    private void Tell(MachineEvent change)
    {
        lock (_telling)
        {
            foreach (var observer in _observers.ToArray())
                observer(change);
            foreach (var untold in _untold)
            {
                if (untold.Id == change.Id && untold.IsOn == change.Status.IsOn)
                    untold.Told.TrySetResult();
            }
        }
    }

    private void Forget(Expectation expectation)
    {
        lock (_expecting)
            _expectations.Remove(expectation);
    }

    /// <summary>What a call waits for that it be told.</summary>
    private sealed class Untold(InstanceId id, bool isOn)
    {
        public InstanceId Id => id;

        public bool IsOn => isOn;

        public TaskCompletionSource Told { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private readonly record struct Item(DomainSignal? Signal, Connection? Opened);

    private sealed class Observation(LifecycleFeed feed, Action<MachineEvent> observer)
        : IDisposable
    {
        public void Dispose()
        {
            lock (feed._telling)
                feed._observers.Remove(observer);
        }
    }
}

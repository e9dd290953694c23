using System.Collections.Concurrent;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Turns a connection's events into those of this host's machines, in order, on a thread of its
/// own; and after a connection was lost, or events were, finds out what changed from a new list.
/// Later lists, ever more rarely, find what libvirt does not tell: a daemon that has just started
/// says nothing of a machine that ends before it has it back.
/// </summary>
internal sealed class LifecycleFeed : IDisposable
{
    /// <summary>Events that may wait; when there are more, a list is made instead.</summary>
    public const int MaxWaiting = 8192;

    /// <summary>A thread that still waits for libvirt is not waited for any longer.</summary>
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(5);

    /// <summary>An event that has not come by then was lost.</summary>
    private static readonly TimeSpan ToldWithin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LooksAgainAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LooksAtLeastEvery = TimeSpan.FromMinutes(1);

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

    /// <summary>Since the last list, and how long until the next; null: none was made.</summary>
    private (long Since, TimeSpan Pause)? _look;

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
        while (!_waiting.IsCompleted)
        {
            if (_waiting.TryTake(out var item, UntilNextLook()))
                Take(item);
            else if (_look is { } look && UntilNextLook() == TimeSpan.Zero)
            {
                // What has come meanwhile is older than such a list.
                _known.Relist(() => _waiting.Count == 0);
                LookAfter(look.Pause * 2);
            }
        }

        _waiting.Dispose();
    }

    private void Take(Item item)
    {
        if (item.Opened is not null)
        {
            _known.Relist(item.Opened);
            LookAfter(LooksAgainAfter);
        }

        if (item.Signal is { } signal)
            _known.OnSignal(signal);
        if (Interlocked.Exchange(ref _missed, 0) != 0)
            _known.Relist();
    }

    private void LookAfter(TimeSpan pause) => _look = (
        _time.GetTimestamp(), pause < LooksAtLeastEvery ? pause : LooksAtLeastEvery);

    private TimeSpan UntilNextLook()
    {
        if (_look is not { } look)
            return Timeout.InfiniteTimeSpan;
        var left = look.Pause - _time.GetElapsedTime(look.Since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
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

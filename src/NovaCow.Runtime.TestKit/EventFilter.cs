using System.Text.RegularExpressions;
using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.TestKit;

/// <summary>Which messages of log events a filter takes; what is not given is not looked at.
/// </summary>
public sealed record EventPattern
{
    public string? Message { get; init; }

    public string? Start { get; init; }

    public string? Contains { get; init; }

    public string? Pattern { get; init; }

    public string? Source { get; init; }

    internal bool Fits(LogEvent entry)
    {
        var text = entry.Message.ToString() ?? string.Empty;
        return (Message is null || text == Message)
            && (Start is null || text.StartsWith(Start, StringComparison.Ordinal))
            && (Contains is null || text.Contains(Contains, StringComparison.Ordinal))
            && (Pattern is null || Regex.IsMatch(
                text, Pattern, RegexOptions.None, TimeSpan.FromSeconds(1)))
            && (Source is null || entry.LogSource == Source);
    }
}

/// <summary>Makes filters for the events of the system under test.</summary>
public sealed class EventFilterFactory
{
    private readonly TestKitBase _kit;
    private readonly EventFilters _filters;

    internal EventFilterFactory(TestKitBase kit, EventFilters filters)
    {
        _kit = kit;
        _filters = filters;
    }

    /// <summary>Errors that carry this exception, as supervision logs them.</summary>
    public EventFilterApplier Exception<TException>(
        string? message = null,
        string? start = null,
        string? contains = null,
        string? source = null)
        where TException : Exception
    {
        var pattern = Of(message, start, contains, source);
        return Apply($"a logged {typeof(TException).Name}", e =>
            e is LogEvent { Cause: { } cause } entry
            && (cause is TException || cause.InnerException is TException)
            && pattern.Fits(entry));
    }

    public EventFilterApplier Error(
        string? message = null,
        string? start = null,
        string? contains = null,
        string? source = null) =>
        Log<Error>(Of(message, start, contains, source));

    public EventFilterApplier Warning(
        string? message = null,
        string? start = null,
        string? contains = null,
        string? source = null) =>
        Log<Warning>(Of(message, start, contains, source));

    public EventFilterApplier Info(
        string? message = null,
        string? start = null,
        string? contains = null,
        string? source = null) =>
        Log<Info>(Of(message, start, contains, source));

    public EventFilterApplier Debug(
        string? message = null,
        string? start = null,
        string? contains = null,
        string? source = null) =>
        Log<Debug>(Of(message, start, contains, source));

    public EventFilterApplier Log<TEvent>(EventPattern pattern)
        where TEvent : LogEvent =>
        Apply(
            $"a {typeof(TEvent).Name} like {pattern}",
            e => e is TEvent entry && pattern.Fits(entry));

    public EventFilterApplier DeadLetter() => DeadLetter<object>();

    /// <summary>Dead letters whose message is a T.</summary>
    public EventFilterApplier DeadLetter<T>(Predicate<T>? isMessage = null) =>
        Apply($"a dead letter with a {typeof(T).Name}", e =>
            e is DeadLetter { Message: T message } && (isMessage is null || isMessage(message)));

    public EventFilterApplier Custom(Predicate<object> filter) => Apply("an event", filter);

    private static EventPattern Of(
        string? message, string? start, string? contains, string? source) =>
        new() { Message = message, Start = start, Contains = contains, Source = source };

    private EventFilterApplier Apply(string what, Predicate<object> filter) =>
        new(_kit, _filters, what, filter);
}

/// <summary>Expects events while an action runs, or hides them from the output.</summary>
public sealed class EventFilterApplier
{
    private readonly TestKitBase _kit;
    private readonly EventFilters _filters;
    private readonly string _what;
    private readonly Predicate<object> _filter;

    internal EventFilterApplier(
        TestKitBase kit, EventFilters filters, string what, Predicate<object> filter)
    {
        _kit = kit;
        _filters = filters;
        _what = what;
        _filter = filter;
    }

    public void ExpectOne(Action action) => Expect(1, action);

    public Task ExpectOneAsync(Func<Task> action) => ExpectAsync(1, action);

    public void Expect(int expectedCount, Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        ExpectAsync(expectedCount, () =>
        {
            action();
            return Task.CompletedTask;
        }).GetAwaiter().GetResult();
    }

    /// <summary>Runs the action and waits until so many events have come. More than that, seen by
    /// the time the system is at rest, is a failure too.</summary>
    public async Task ExpectAsync(int expectedCount, Func<Task> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        var seen = 0;
        var listener = new Listener(_kit.Sys, e =>
        {
            if (_filter(e))
                Interlocked.Increment(ref seen);
        });
        using (Mute())
        using (listener)
        {
            await action().ConfigureAwait(false);
            var patience = _kit.DefaultTimeout;
            var begun = TimeProvider.System.GetTimestamp();
            while (Volatile.Read(ref seen) < expectedCount
                && TimeProvider.System.GetElapsedTime(begun) < patience)
                await Task.Delay(5).ConfigureAwait(false);
            await Task.Run(_kit.AwaitIdle).ConfigureAwait(false);
        }

        if (seen != expectedCount)
        {
            throw new TestKitAssertionException(
                $"expected {expectedCount} × {_what}, seen {seen}");
        }
    }

    /// <summary>Keeps matching log events from the output until disposed.</summary>
    public IDisposable Mute() => _filters.Mute(_filter);

    /// <summary>Hears events on the thread that publishes them.</summary>
    private sealed class Listener : InternalActorRef, IDisposable
    {
        private readonly ActorSystem _system;
        private readonly Action<object> _onEvent;

        public Listener(ActorSystem system, Action<object> onEvent)
        {
            _system = system;
            _onEvent = onEvent;
            Path = system.DeadLetters.Path.Parent
                .CreateChild("listener", Random.Shared.NextInt64(1, long.MaxValue));
            system.EventStream.Subscribe<object>(this);
        }

        public override ActorPath Path { get; }

        public override void Tell(object message, IActorRef? sender) => _onEvent(message);

        public void Dispose() => _system.EventStream.Unsubscribe(this);
    }
}

/// <summary>The muted filters of one system, and where unmuted events are written.</summary>
internal sealed class EventFilters(Action<string>? output)
{
    private readonly List<Predicate<object>> _muted = [];

    public void Write(LogEvent entry)
    {
        if (output is null)
            return;
        lock (_muted)
        {
            if (_muted.Exists(filter => filter(entry)))
                return;
        }

        output(entry.ToString());
    }

    public IDisposable Mute(Predicate<object> filter)
    {
        lock (_muted)
            _muted.Add(filter);
        return new Unmute(this, filter);
    }

    private sealed class Unmute(EventFilters owner, Predicate<object> filter) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._muted)
                owner._muted.Remove(filter);
        }
    }
}

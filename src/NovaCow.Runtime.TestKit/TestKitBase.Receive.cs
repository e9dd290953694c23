using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.TestKit;

public abstract partial class TestKitBase
{
    private MessageEnvelope? _last;

    /// <summary>Who sent the message that was received last.</summary>
    public IActorRef LastSender => _last?.Sender ?? throw new InvalidOperationException(
        "nothing has been received yet, so there is no last sender");

    public object LastMessage => _last?.Message ?? throw new InvalidOperationException(
        "nothing has been received yet, so there is no last message");

    public bool HasMessages => _queue.HasMessages;

    /// <summary>The next message, or null when none came in that time.</summary>
    public object? ReceiveOne(TimeSpan? max = null) =>
        ReceiveOneAsync(max).GetAwaiter().GetResult();

    /// <summary>The next n messages, all within the time.</summary>
    public IReadOnlyList<object> ReceiveN(int numberOfMessages, TimeSpan? max = null) =>
        ReceiveNAsync(numberOfMessages, max).GetAwaiter().GetResult();

    /// <summary>Takes messages until the filter gives null, no message comes for
    /// <paramref name="idle"/>, or the time is over. The message it stops at is lost.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(
        Func<object, T?> filter,
        TimeSpan? max = null,
        TimeSpan? idle = null,
        int limit = int.MaxValue)
        where T : class => ReceiveWhileAsync(filter, max, idle, limit).GetAwaiter().GetResult();

    /// <summary>Passes over messages until one fits.</summary>
    public object FishForMessage(
        Predicate<object> isMessage, TimeSpan? max = null, string? hint = null) =>
        FishForMessageAsync<object>(isMessage, max, hint).GetAwaiter().GetResult();

    public T FishForMessage<T>(
        Predicate<T> isMessage, TimeSpan? max = null, string? hint = null) =>
        FishForMessageAsync(isMessage, max, hint).GetAwaiter().GetResult();

    public async Task<object?> ReceiveOneAsync(TimeSpan? max = null) =>
        (await Next(RemainingOr(max ?? DefaultTimeout)).ConfigureAwait(false))?.Message;

    public async Task<IReadOnlyList<object>> ReceiveNAsync(
        int numberOfMessages, TimeSpan? max = null)
    {
        var deadline = new Deadline(RemainingOr(max ?? DefaultTimeout));
        var received = new List<object>(numberOfMessages);
        while (received.Count < numberOfMessages)
        {
            var envelope = await Next(deadline.Left).ConfigureAwait(false)
                ?? throw new TestKitAssertionException(
                    $"expected {numberOfMessages} messages, received {received.Count} within "
                    + $"{deadline.Length}: {ShowAll(received.TakeLast(10))}");
            received.Add(envelope.Message);
        }

        return received;
    }

    public async Task<IReadOnlyList<T>> ReceiveWhileAsync<T>(
        Func<object, T?> filter,
        TimeSpan? max = null,
        TimeSpan? idle = null,
        int limit = int.MaxValue)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(filter);
        var deadline = new Deadline(RemainingOr(max ?? DefaultTimeout));
        var received = new List<T>();
        while (received.Count < limit)
        {
            var wait = idle is { } i && i < deadline.Left ? i : deadline.Left;
            var envelope = await Next(wait).ConfigureAwait(false);
            if (envelope is null || filter(envelope.Message) is not { } accepted)
                break;
            received.Add(accepted);
        }

        return received;
    }

    public async Task<T> FishForMessageAsync<T>(
        Predicate<T> isMessage, TimeSpan? max = null, string? hint = null)
    {
        ArgumentNullException.ThrowIfNull(isMessage);
        var deadline = new Deadline(RemainingOr(max ?? DefaultTimeout));
        var passed = new List<object>();
        while (true)
        {
            var envelope = await Next(deadline.Left).ConfigureAwait(false)
                ?? throw new TestKitAssertionException(
                    $"fished for a {typeof(T).Name} for {deadline.Length} in vain{hint}; passed "
                    + $"over {passed.Count}: {ShowAll(passed.TakeLast(10))}");
            if (envelope.Message is T message && isMessage(message))
                return message;
            passed.Add(envelope.Message);
        }
    }

    private async Task<MessageEnvelope?> Next(TimeSpan max)
    {
        var envelope = await _queue.Take(max, default).ConfigureAwait(false);
        _last = envelope ?? _last;
        return envelope;
    }
}

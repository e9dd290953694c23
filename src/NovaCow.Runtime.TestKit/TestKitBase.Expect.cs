using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.TestKit;

public abstract partial class TestKitBase
{
    /// <summary>The next message, which must be a T.</summary>
    public T ExpectMsg<T>(TimeSpan? timeout = null, string? hint = null) =>
        ExpectMsgAsync<T>(timeout, hint).GetAwaiter().GetResult();

    /// <summary>The next message, which must equal this one.</summary>
    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string? hint = null) =>
        ExpectMsgAsync(message, timeout, hint).GetAwaiter().GetResult();

    public T ExpectMsg<T>(
        Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null) =>
        ExpectMsgAsync(isMessage, timeout, hint).GetAwaiter().GetResult();

    public T ExpectMsg<T>(Action<T> assert, TimeSpan? timeout = null, string? hint = null) =>
        ExpectMsgAsync(assert, timeout, hint).GetAwaiter().GetResult();

    public T ExpectMsgFrom<T>(IActorRef sender, TimeSpan? timeout = null, string? hint = null) =>
        ExpectMsgFromAsync<T>(sender, timeout, hint).GetAwaiter().GetResult();

    public T ExpectMsgFrom<T>(
        IActorRef sender, T message, TimeSpan? timeout = null, string? hint = null) =>
        ExpectMsgFromAsync(sender, message, timeout, hint).GetAwaiter().GetResult();

    /// <summary>The next message, which must equal one of these.</summary>
    public T ExpectMsgAnyOf<T>(params T[] messages) =>
        ExpectMsgAnyOfAsync(messages).GetAwaiter().GetResult();

    /// <summary>The next messages, which must equal these in any order.</summary>
    public IReadOnlyList<T> ExpectMsgAllOf<T>(params T[] messages) =>
        ExpectMsgAllOfAsync(messages).GetAwaiter().GetResult();

    /// <summary>The death notice of an actor that the test watches.</summary>
    public Terminated ExpectTerminated(
        IActorRef target, TimeSpan? timeout = null, string? hint = null) =>
        ExpectTerminatedAsync(target, timeout, hint).GetAwaiter().GetResult();

    /// <summary>
    /// Nothing has come once the system is at rest. With virtual time this waits for rest only, so
    /// advance the clock first to say how long nothing was to come; with real time it also waits
    /// out the duration, 100 ms by default.
    /// </summary>
    public void ExpectNoMsg(TimeSpan? duration = null) =>
        ExpectNoMsgAsync(duration).GetAwaiter().GetResult();

    public void ExpectNoMsg(int milliseconds) =>
        ExpectNoMsg(TimeSpan.FromMilliseconds(milliseconds));

    public Task<T> ExpectMsgAsync<T>(TimeSpan? timeout = null, string? hint = null) =>
        Expect<T>($"a {typeof(T).Name}", static (_, _) => true, timeout, hint);

    public Task<T> ExpectMsgAsync<T>(T message, TimeSpan? timeout = null, string? hint = null) =>
        Expect<T>(Show(message), (m, _) => Equals(m, message), timeout, hint);

    public Task<T> ExpectMsgAsync<T>(
        Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null)
    {
        ArgumentNullException.ThrowIfNull(isMessage);
        return Expect<T>(
            $"a {typeof(T).Name} that satisfies the predicate",
            (message, _) => isMessage(message),
            timeout,
            hint);
    }

    public async Task<T> ExpectMsgAsync<T>(
        Action<T> assert, TimeSpan? timeout = null, string? hint = null)
    {
        ArgumentNullException.ThrowIfNull(assert);
        var message = await ExpectMsgAsync<T>(timeout, hint).ConfigureAwait(false);
        assert(message);
        return message;
    }

    public Task<T> ExpectMsgFromAsync<T>(
        IActorRef sender, TimeSpan? timeout = null, string? hint = null) =>
        Expect<T>(
            $"a {typeof(T).Name} from {sender}", (_, from) => from.Equals(sender), timeout, hint);

    public Task<T> ExpectMsgFromAsync<T>(
        IActorRef sender, T message, TimeSpan? timeout = null, string? hint = null) =>
        Expect<T>(
            $"{Show(message)} from {sender}",
            (m, from) => Equals(m, message) && from.Equals(sender),
            timeout,
            hint);

    public Task<T> ExpectMsgAnyOfAsync<T>(params T[] messages) =>
        Expect<T>(
            $"any of {ShowAll(messages)}", (m, _) => messages.Contains(m), null, null);

    public async Task<IReadOnlyList<T>> ExpectMsgAllOfAsync<T>(params T[] messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var missing = messages.ToList();
        var received = new List<T>();
        while (missing.Count > 0)
        {
            var message = await Expect<T>(
                $"all of {ShowAll(messages)}, still missing {ShowAll(missing)}",
                (m, _) => missing.Contains(m),
                null,
                null).ConfigureAwait(false);
            missing.Remove(message);
            received.Add(message);
        }

        return received;
    }

    public Task<Terminated> ExpectTerminatedAsync(
        IActorRef target, TimeSpan? timeout = null, string? hint = null) =>
        Expect<Terminated>(
            $"Terminated of {target}", (t, _) => t.ActorRef.Equals(target), timeout, hint);

    public async Task ExpectNoMsgAsync(TimeSpan? duration = null)
    {
        MessageEnvelope? surprise;
        if (Time is null)
        {
            var wait = duration ?? TimeSpan.FromMilliseconds(100);
            surprise = await _queue.Take(RemainingOr(wait), default).ConfigureAwait(false);
        }
        else
        {
            await Task.Run(_quiescence.Wait).ConfigureAwait(false);
            _queue.TryTake(out surprise);
        }

        if (surprise is not null)
        {
            throw new TestKitAssertionException(
                $"expected no message, received {Show(surprise.Message)} from {surprise.Sender}");
        }
    }

    private async Task<T> Expect<T>(
        string what, Func<T, IActorRef, bool> isIt, TimeSpan? timeout, string? hint)
    {
        var max = RemainingOr(timeout ?? DefaultTimeout);
        var envelope = await Next(max).ConfigureAwait(false);
        var because = hint is null ? string.Empty : $" ({hint})";
        if (envelope is null)
        {
            throw new TestKitAssertionException(
                $"expected {what}, received nothing within {max}{because}");
        }

        if (envelope.Message is T message && isIt(message, envelope.Sender))
            return message;
        throw new TestKitAssertionException(
            $"expected {what}, received {Show(envelope.Message)} from {envelope.Sender}{because}");
    }

    private static string Show(object? message) =>
        message is null ? "null" : $"{message.GetType().Name}: {message}";

    private static string ShowAll<T>(IEnumerable<T> messages) =>
        $"[{string.Join(", ", messages.Select(m => Show(m)))}]";
}

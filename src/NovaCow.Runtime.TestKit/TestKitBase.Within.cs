namespace NovaCow.Runtime.TestKit;

public abstract partial class TestKitBase
{
    private Deadline? _within;

    /// <summary>What is left of the enclosing <c>Within</c>.</summary>
    public TimeSpan Remaining => _within?.Left ?? throw new InvalidOperationException(
        "Remaining means something only inside of Within");

    /// <summary>Runs the block, which must be done by then; expectations in it wait no longer.
    /// </summary>
    public void Within(TimeSpan max, Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        WithinAsync(max, () =>
        {
            action();
            return Task.CompletedTask;
        }).GetAwaiter().GetResult();
    }

    public T Within<T>(TimeSpan max, Func<T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        T result = default!;
        Within(max, () => { result = function(); });
        return result;
    }

    public async Task WithinAsync(TimeSpan max, Func<Task> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        var outer = _within;
        var deadline = new Deadline(RemainingOr(max));
        _within = deadline;
        try
        {
            await action().ConfigureAwait(false);
        }
        finally
        {
            _within = outer;
        }

        if (deadline.Left == TimeSpan.Zero)
            throw new TestKitAssertionException($"the block took longer than {deadline.Length}");
    }

    /// <summary>Looks again and again until the condition holds.</summary>
    public void AwaitCondition(
        Func<bool> condition,
        TimeSpan? max = null,
        TimeSpan? interval = null,
        string? hint = null) =>
        AwaitConditionAsync(condition, max, interval, hint).GetAwaiter().GetResult();

    /// <summary>Tries again and again until the assertion passes; fails as its last try did.
    /// </summary>
    public void AwaitAssert(Action assertion, TimeSpan? max = null, TimeSpan? interval = null) =>
        AwaitAssertAsync(assertion, max, interval).GetAwaiter().GetResult();

    public async Task AwaitConditionAsync(
        Func<bool> condition, TimeSpan? max = null, TimeSpan? interval = null, string? hint = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var deadline = new Deadline(RemainingOr(max ?? DefaultTimeout));
        while (!condition())
        {
            if (deadline.Left == TimeSpan.Zero)
            {
                throw new TestKitAssertionException(
                    $"the condition has not come true within {deadline.Length}: {hint}");
            }

            await Pause(interval).ConfigureAwait(false);
        }
    }

    public Task AwaitAssertAsync(
        Action assertion, TimeSpan? max = null, TimeSpan? interval = null)
    {
        ArgumentNullException.ThrowIfNull(assertion);
        return AwaitAssertAsync(
            () =>
            {
                assertion();
                return Task.CompletedTask;
            },
            max,
            interval);
    }

    public async Task AwaitAssertAsync(
        Func<Task> assertion, TimeSpan? max = null, TimeSpan? interval = null)
    {
        ArgumentNullException.ThrowIfNull(assertion);
        var deadline = new Deadline(RemainingOr(max ?? DefaultTimeout));
        while (true)
        {
            try
            {
                await assertion().ConfigureAwait(false);
                return;
            }
            catch (Exception) when (deadline.Left > TimeSpan.Zero)
            {
                await Pause(interval).ConfigureAwait(false);
            }
        }
    }

    private static Task Pause(TimeSpan? interval) =>
        Task.Delay(interval ?? TimeSpan.FromMilliseconds(10));

    private TimeSpan RemainingOr(TimeSpan wanted) =>
        _within is { } within && within.Left < wanted ? within.Left : wanted;

    /// <summary>An instant of real time by which something is to have happened.</summary>
    private sealed class Deadline(TimeSpan length)
    {
        private readonly long _begun = TimeProvider.System.GetTimestamp();

        public TimeSpan Length => length;

        public TimeSpan Left
        {
            get
            {
                var left = length - TimeProvider.System.GetElapsedTime(_begun);
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }
}

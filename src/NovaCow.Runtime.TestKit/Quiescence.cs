using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.TestKit;

/// <summary>
/// Waits until no actor runs and the thread pool's queue is empty, and has been so for a moment.
/// Work that neither shows in, such as a request to another process, is not waited for.
/// </summary>
internal sealed class Quiescence
{
    private const int QuietLooksNeeded = 3;

    /// <summary>Long: the pool's queue is that of all tests that run beside this one.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly List<ActivityCounter> _counters = [];

    public void Add(ActivityCounter counter)
    {
        lock (_counters)
            _counters.Add(counter);
    }

    public void Wait()
    {
        var begun = TimeProvider.System.GetTimestamp();
        for (var quiet = 0; quiet < QuietLooksNeeded;)
        {
            quiet = IsQuiet() ? quiet + 1 : 0;
            if (TimeProvider.System.GetElapsedTime(begun) > Limit)
            {
                throw new TestKitAssertionException(
                    $"the actors have not come to rest within {Limit}: one of them never stops "
                    + "telling itself to go on");
            }

            Thread.Sleep(quiet == 0 ? 1 : 0);
            Thread.Yield();
        }
    }

    private bool IsQuiet()
    {
        if (ThreadPool.PendingWorkItemCount > 0)
            return false;
        lock (_counters)
            return _counters.TrueForAll(counter => counter.IsIdle);
    }
}

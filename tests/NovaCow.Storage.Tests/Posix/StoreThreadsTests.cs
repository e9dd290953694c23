namespace NovaCow.Storage.Tests;

public sealed class StoreThreadsTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task No_more_calls_run_at_once_than_there_are_threads_and_all_of_them_end()
    {
        using var threads = new StoreThreads();
        using var full = new CountdownEvent(StoreThreads.MaxThreads);
        using var go = new ManualResetEventSlim();
        var (running, most) = (0, 0);
        var calls = Enumerable.Range(0, 3 * StoreThreads.MaxThreads).Select(i => threads.RunAsync(
            () =>
            {
                var now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                if (!full.IsSet)
                    full.Signal();
                Assert.True(go.Wait(s_patience));
                Interlocked.Decrement(ref running);
                return i;
            },
            default)).ToList();
        Assert.True(full.Wait(s_patience));
        Assert.All(calls, call => Assert.False(call.IsCompleted));
        go.Set();
        var results = await Task.WhenAll(calls).WaitAsync(s_patience);
        Assert.Equal(Enumerable.Range(0, results.Length), results);
        Assert.Equal(StoreThreads.MaxThreads, most);
    }

    [Fact]
    public async Task A_call_never_runs_on_the_pool_and_its_failure_is_its_own()
    {
        using var threads = new StoreThreads();
        var failed = threads.RunAsync<int>(() => throw new IOException("broken"), default);
        await Assert.ThrowsAsync<IOException>(() => failed);
        var isPool = threads.RunAsync(() => Thread.CurrentThread.IsThreadPoolThread, default);
        Assert.False(await isPool);
    }

    [Fact]
    public async Task What_was_accepted_before_the_end_is_done_and_later_calls_are_refused()
    {
        var threads = new StoreThreads();
        using var go = new ManualResetEventSlim();
        var calls = Enumerable.Range(0, 100)
            .Select(i => threads.RunAsync(() => go.Wait(s_patience), default)).ToList();
        threads.Dispose();
        threads.Dispose();
        go.Set();
        Assert.All(await Task.WhenAll(calls).WaitAsync(s_patience), Assert.True);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => threads.RunAsync(() => 1, default));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = target; seen < value;)
        {
            var found = Interlocked.CompareExchange(ref target, value, seen);
            if (found == seen)
                return;
            seen = found;
        }
    }
}

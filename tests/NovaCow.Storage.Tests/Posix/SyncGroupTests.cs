namespace NovaCow.Storage.Tests;

public sealed class SyncGroupTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Those_who_come_while_a_sync_runs_share_the_next_one()
    {
        using var begun = new SemaphoreSlim(0);
        using var go = new SemaphoreSlim(0);
        var syncs = 0;
        var group = new SyncGroup(() =>
        {
            Interlocked.Increment(ref syncs);
            begun.Release();
            Assert.True(go.Wait(s_patience));
        });
        var first = OnThread(group.Sync);
        Assert.True(await begun.WaitAsync(s_patience));
        var arrived = new CountdownEvent(8);
        var others = Enumerable.Range(0, 8).Select(_ => OnThread(() =>
        {
            arrived.Signal();
            group.Sync();
        })).ToList();
        Assert.True(arrived.Wait(s_patience));
        go.Release(100);
        await Task.WhenAll([first, .. others]).WaitAsync(s_patience);

        // Those not yet inside when the second began take a third; never one each.
        Assert.InRange(syncs, 2, 9);
    }

    [Fact]
    public void Every_sync_begins_after_its_call()
    {
        var changes = 0;
        var synced = 0;
        var group = new SyncGroup(() => Volatile.Write(ref synced, Volatile.Read(ref changes)));
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 16 }, _ =>
        {
            var mine = Interlocked.Increment(ref changes);
            group.Sync();
            Assert.True(Volatile.Read(ref synced) >= mine);
        });
    }

    [Fact]
    public void A_failed_sync_fails_its_callers_and_not_the_next_ones()
    {
        var fail = true;
        var group = new SyncGroup(() =>
        {
            if (fail)
                throw new IOException("broken");
        });
        Assert.Throws<IOException>(group.Sync);
        fail = false;
        group.Sync();
    }

    private static Task OnThread(Action act) => Task.Factory.StartNew(
        act, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Tests.Hosting;

public sealed class CrashTests : HostTestKit
{
    [Theory]
    [InlineData("fetch")]
    [InlineData("inspect")]
    [InlineData("build")]
    [InlineData("clone")]
    [InlineData("save")]
    public void A_child_that_crashes_fails_its_launch_and_leaves_nothing(string step)
    {
        StartHost();
        Disk.Crash(step);
        Prepare();
        Assert.True(ExpectFailed().IsRetryable);
        Assert.True(Disk.HasNoInstances);

        Disk.Heal();
        TestScheduler.Advance(TimeSpan.FromMinutes(5));
        Prepare(attempt: 2);
        ExpectPrepared();
        ExpectCleanDiscard(attempt: 2);
    }

    [Theory]
    [InlineData("delete-record")]
    [InlineData("delete-disk")]
    public void A_removal_that_crashes_is_taken_up_again(string step)
    {
        StartHost();
        Active();
        var once = 0;
        Disk.OnCall = s => s == step && Interlocked.Increment(ref once) == 1
            ? throw new InvalidOperationException("bug")
            : Task.CompletedTask;
        Discard();
        AwaitCondition(() => once > 0);
        TestScheduler.Advance(TimeSpan.FromSeconds(2));
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.True(Disk.HasNoInstances);
    }

    [Fact]
    public void A_removal_that_fails_is_tried_until_it_works()
    {
        StartHost();
        Active();
        Disk.Fail("delete-disk", LaunchErrorCode.VolumeDriver);
        Discard();
        AwaitCondition(() => Disk.Calls("delete-disk") == 1);
        TestScheduler.Advance(TimeSpan.FromSeconds(1));
        AwaitCondition(() => Disk.Calls("delete-disk") == 2);
        Scheduler.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
        Disk.Heal();
        TestScheduler.Advance(TimeSpan.FromSeconds(2));
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.True(Disk.HasNoInstances);
    }

    [Fact]
    public void A_clones_actor_that_is_killed_keeps_the_disk_and_its_base()
    {
        StartHost();
        Active();
        var (root, snapshot) = (Given.Image.BaseKey(), $"{Given.Id()}.{DiskName.Root}.1");
        Kill($"/user/host/{root}/{snapshot}");
        AwaitIdle();
        Assert.Equal(3, Disk.Disks.Count);
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_bases_actor_that_is_killed_comes_back_with_its_clones()
    {
        StartHost();
        Active();
        Kill($"/user/host/{Given.Image.BaseKey()}");
        AwaitIdle();
        Prepare("vm-2");
        ExpectPrepared();
        Assert.Equal(1, Disk.Calls("fetch"));
        Discard("vm-2");
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_bases_actor_that_is_killed_fails_those_who_wait_for_it()
    {
        StartHost();
        var gate = Disk.Hold("fetch");
        Prepare();
        AwaitCondition(() => Disk.Calls("fetch") == 1);
        Kill($"/user/host/{Given.Image.BaseKey()}");
        Assert.True(ExpectFailed().IsRetryable);
        Assert.True(Disk.HasNoInstances);
        gate.SetResult();
        Prepare(attempt: 2);
        ExpectPrepared();
    }

    [Fact]
    public void An_instances_actor_that_is_killed_comes_back_or_is_undone()
    {
        StartHost();
        Active();
        Kill("/user/host/vm-1.1");
        AwaitIdle();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        var gate = Disk.Hold("clone");
        Prepare("vm-2");
        AwaitCondition(() => Disk.Calls("clone") == 6);
        Kill("/user/host/vm-2.3");
        AwaitIdle();
        gate.SetResult();
        Assert.True(ExpectFailed().IsRetryable);
        ExpectCleanDiscard();
    }

    private void Kill(string path)
    {
        var doomed = Sys.ResolveActorRef("akka://test" + path);
        Watch(doomed);
        doomed.Tell(Runtime.Actors.Kill.Instance);
        ExpectTerminated(doomed);
    }
}

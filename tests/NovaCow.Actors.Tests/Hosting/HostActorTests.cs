using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Tests.Hosting;

public sealed class HostActorTests : HostTestKit
{
    [Fact]
    public void An_instance_is_prepared_committed_and_removed_without_a_trace()
    {
        StartHost();
        Active();
        Assert.Equal(3, Disk.Disks.Count);
        ExpectCleanDiscard();
        Assert.Equal(3, Disk.Bases.Count);
    }

    [Fact]
    public void Disks_go_in_reverse_and_after_the_record()
    {
        StartHost();
        Active();
        List<string> order = [];
        Disk.OnCall = step =>
        {
            order.Add(step);
            return Task.CompletedTask;
        };
        ExpectCleanDiscard();
        Assert.Equal(
            ["delete-record", "delete-disk", "delete-disk", "delete-disk"], order);
    }

    [Fact]
    public void A_command_that_comes_again_is_answered_again_and_done_once()
    {
        StartHost();
        Prepare();
        var first = ExpectPrepared();
        Prepare();
        Assert.Equal(first.Disks, ExpectPrepared().Disks);
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Prepare();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal((3, 1), (Disk.Calls("clone"), Disk.Calls("save")));

        ExpectCleanDiscard();
        Discard();
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
    }

    [Fact]
    public void A_command_for_what_is_being_made_waits_for_it()
    {
        StartHost();
        var gate = Disk.Hold("clone");
        Prepare();
        Prepare();
        AwaitCondition(() => Disk.Calls("clone") == 3);
        Scheduler.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
        gate.SetResult();
        ExpectPrepared();
        Scheduler.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void A_failure_is_said_again_and_not_tried_again()
    {
        StartHost();
        Disk.Fail("clone", LaunchErrorCode.VolumeDriver);
        Prepare();
        var error = ExpectFailed();
        Disk.Heal();
        Prepare();
        Assert.Equal(error, ExpectFailed());
        Assert.True(Disk.HasNoInstances);
    }

    [Fact]
    public void Older_attempts_and_deposed_leaders_are_refused()
    {
        StartHost();
        Prepare(attempt: 2, epoch: 5);
        ExpectPrepared();
        Prepare(attempt: 1, epoch: 5);
        Discard(attempt: 1, epoch: 5);
        Commit(attempt: 2, epoch: 4);
        Discard(attempt: 9, epoch: 4);
        Prepare("vm-2", attempt: 1, epoch: 4);
        Send(new HostProtocol.Welcome(
            4, [new InstanceVerdict(Given.Id(), Given.Fence(4, 2), Verdict.Discard)]));
        Scheduler.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
        Assert.Equal(3, Disk.Disks.Count);

        Commit(attempt: 2, epoch: 6);
        var active = Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(Given.Fence(6, 2), active.Fence);
    }

    [Fact]
    public void A_newer_attempt_takes_the_older_ones_place()
    {
        StartHost();
        Prepare(attempt: 1);
        ExpectPrepared();
        Prepare(attempt: 3);
        var prepared = ExpectPrepared();
        Assert.Equal(3, prepared.Fence.Attempt);
        Assert.Equal(3, Disk.Records[Given.Id()].Fence.Attempt);
        Assert.Equal(3, Disk.Calls("delete-disk"));
        ExpectCleanDiscard(attempt: 3);
    }

    [Fact]
    public void A_commit_of_what_is_not_there_fails_for_good()
    {
        StartHost();
        Commit();
        Assert.False(ExpectFailed().IsRetryable);
    }

    [Theory]
    [InlineData("fetch")]
    [InlineData("inspect")]
    [InlineData("build")]
    [InlineData("clone")]
    [InlineData("save")]
    public void A_launch_taken_back_in_the_middle_leaves_nothing(string step)
    {
        StartHost();
        var gate = Disk.Hold(step);
        Prepare();
        AwaitCondition(() => Disk.Calls(step) > 0);
        AwaitIdle();
        Discard();
        AwaitIdle();
        gate.TrySetResult();
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.True(Disk.HasNoInstances);
    }

    [Fact]
    public void A_host_says_hello_whenever_it_is_asked_and_whenever_it_is_connected()
    {
        StartHost();
        Active();
        Send(new HostProtocol.SayHello());
        Assert.Single(Scheduler.ExpectMsg<SchedulerProtocol.HostHello>().Facts.Instances);

        Host.Tell(new HostActor.Disconnected());
        Prepare("vm-2");
        AwaitCondition(() => Disk.Records.Count == 2);
        var other = CreateTestProbe();
        other.IgnoreMessages(m => m is not SchedulerProtocol.HostHello);
        Host.Tell(new HostActor.Connected(other.Ref));
        Assert.Equal(2, other.ExpectMsg<SchedulerProtocol.HostHello>().Facts.Instances.Count);
    }

    [Fact]
    public void Reports_say_how_the_store_is_shared()
    {
        StartHost();
        Active();
        Scheduler.IgnoreMessages(m => m is SchedulerProtocol.BaseProgress);
        TestScheduler.Advance(TimeSpan.FromSeconds(6));
        var report = Scheduler.FishForMessage<SchedulerProtocol.HostReport>(
            r => r.Usage.DiskBytes > 0);
        Assert.Equal(
            (3_000, 36, 3_000),
            (report.Usage.BaseBytes, report.Usage.DiskBytes, report.Usage.FullCopyBytes));
        Assert.Equal(new HostCounters(1, 1, 2, 3, 64 << 20), report.Counters);
    }
}

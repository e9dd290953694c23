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
    public void A_host_that_starts_again_says_what_it_has_and_obeys_the_verdicts()
    {
        StartHost();
        foreach (var id in new[] { "commit", "discard", "stranger" })
        {
            Prepare(id);
            ExpectPrepared();
        }

        StopHost();
        var facts = StartHost();
        Assert.Equal(3, facts.Bases.Count(b => b is { State: BaseState.Ready, Clones: 3 }));
        Assert.All(facts.Instances, i => Assert.Equal(
            (InstanceState.Prepared, 3, Given.Fence()), (i.State, i.Disks.Count, i.Fence)));

        Send(new HostProtocol.Welcome(2,
        [
            new InstanceVerdict(Given.Id("commit"), Given.Fence(2), Verdict.Commit),
            new InstanceVerdict(Given.Id("discard"), Given.Fence(2), Verdict.Discard),
            new InstanceVerdict(Given.Id("stranger"), Given.Fence(2), Verdict.Unknown),
        ]));
        Assert.Equal("commit", Scheduler.FishForMessage<SchedulerProtocol.Activated>(_ => true).Id.Value);
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.Equal(
            ["commit", "stranger"],
            Disk.Records.Keys.Select(i => i.Value).Order(StringComparer.Ordinal));
        Assert.Equal(6, Disk.Disks.Count);
        Assert.Equal(0, Disk.Calls("fetch") - 1);
    }

    [Fact]
    public void Disks_without_a_record_are_removed_at_start()
    {
        StartHost();
        Active();
        Active("vm-2");
        StopHost();
        Disk.Records.TryRemove(Given.Id(), out _);

        var facts = StartHost();

        Assert.Equal(["vm-2"], facts.Instances.Select(i => i.Id.Value));
        Assert.Equal(3, Disk.Disks.Count);
    }

    [Fact]
    public void An_instance_that_misses_a_disk_is_not_reported_and_can_be_removed()
    {
        StartHost();
        Active();
        StopHost();
        Disk.Disks.TryRemove((Given.Id(), DiskName.Swap), out _);

        Assert.Empty(StartHost().Instances);
        Assert.Equal(2, Disk.Disks.Count);
        ExpectCleanDiscard();
    }

    [Fact]
    public void Commands_that_come_before_the_store_is_read_wait()
    {
        var gate = Disk.Hold("list");
        var host = Sys.ActorOf(HostActor.Props(Given.Settings(Disk)));
        host.Tell(new HostActor.Connected(Scheduler.Ref));
        host.Tell(new HostProtocol.Prepare(Given.Id(), Given.Fence(), Given.Spec), Scheduler.Ref);
        Scheduler.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
        gate.SetResult();
        Scheduler.ExpectMsg<SchedulerProtocol.HostHello>();
        ExpectPrepared();
    }

    [Fact]
    public void A_host_whose_store_cannot_be_read_stops()
    {
        Disk.Fail("list", LaunchErrorCode.VolumeDriver);
        var host = Sys.ActorOf(HostActor.Props(Given.Settings(Disk)));
        Watch(host);
        ExpectTerminated(host);
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

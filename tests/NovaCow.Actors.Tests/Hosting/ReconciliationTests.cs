using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Tests.Hosting;

public sealed class ReconciliationTests : HostTestKit
{
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
            (InstanceState.Prepared, Given.Fence()), (i.State, i.Fence)));

        Send(new HostProtocol.Welcome(2,
        [
            new InstanceVerdict(Given.Id("commit"), Given.Fence(2), Verdict.Commit),
            new InstanceVerdict(Given.Id("discard"), Given.Fence(2), Verdict.Discard),
            new InstanceVerdict(Given.Id("stranger"), Given.Fence(2), Verdict.Unknown),
        ]));
        Assert.Equal("commit", Scheduler.ExpectMsg<SchedulerProtocol.Activated>().Id.Value);
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.Equal(
            ["commit", "stranger"],
            Disk.Records.Keys.Select(i => i.Value).Order(StringComparer.Ordinal));
        Assert.Equal(6, Disk.Disks.Count);
        Assert.Equal(1, Disk.Calls("fetch"));
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
    public void Disks_whose_record_cannot_be_read_are_kept_until_they_are_deleted()
    {
        StartHost();
        Active();
        StopHost();
        Disk.Unreadable[Given.Id()] = true;

        Assert.Empty(StartHost().Instances);
        Assert.Equal(3, Disk.Disks.Count);
        Prepare(attempt: 2);
        Assert.Contains("another instance of that id", ExpectFailed().Message);
        Assert.Equal(3, Disk.Disks.Count);
        ExpectCleanDiscard(attempt: 2);
    }

    [Fact]
    public void An_instance_whose_base_is_gone_is_not_reported()
    {
        StartHost();
        Active();
        StopHost();
        Disk.Bases.TryRemove(BaseKey.Of(Given.Image.Digest), out _);

        Assert.Empty(StartHost().Instances);
        Assert.Equal(3, Disk.Disks.Count);
        ExpectCleanDiscard();
    }

    [Fact]
    public void Disks_that_no_launch_accounts_for_never_become_a_new_launch_s()
    {
        StartHost();
        Active();
        StopHost();
        StartHost();
        Send(new HostProtocol.Welcome(1,
            [new InstanceVerdict(Given.Id(), Given.Fence(), Verdict.Unknown)]));

        Prepare();

        Assert.True(ExpectFailed().IsRetryable);
        Assert.Equal(3, Disk.Disks.Count);
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
}

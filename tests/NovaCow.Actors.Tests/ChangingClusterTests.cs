using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Actors.Tests.Scheduling;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Tests;

/// <summary>A scheduler and one host, both real, over a disk in memory that changes.</summary>
public sealed class ChangingClusterTests : SchedulerTestKit
{
    private static readonly ChangeRequest Flatten = new ChangeRequest.Flatten();
    private readonly FakeDisk _disk = new();
    private IActorRef _host = ActorRefs.Nobody;

    private void StartWithInstance()
    {
        StartWithImage();
        StartHost();
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        AwaitAssert(() => Assert.Equal(LaunchPhase.Active, Get("vm-1").Phase));
    }

    private void StartHost()
    {
        _host = Sys.ActorOf(HostActor.Props(Given.Settings(_disk)));
        _host.Tell(new HostActor.Connected(Scheduler));
    }

    private void Kill(IActorRef actor)
    {
        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);
    }

    private LaunchChange Change(ChangeRequest request)
    {
        Scheduler.Tell(new ChangeInstance(Given.Id(), request));
        return ExpectMsg<InstanceFound>().Instance.Change!;
    }

    private InstanceInfo Await()
    {
        Scheduler.Tell(new AwaitInstance(Given.Id(), Awaited.Changed, TimeSpan.FromMinutes(1)));
        return ExpectMsg<InstanceFound>().Instance;
    }

    [Fact]
    public void A_change_is_accepted_done_and_answered_to_those_who_wait()
    {
        StartWithInstance();
        Assert.Equal(ChangePhase.Running, Change(Flatten).Phase);
        var changed = Await();
        Assert.Equal(ChangePhase.Done, changed.Change!.Phase);
        Assert.Equal(new ChangeBytes(12, 1_012), changed.Change.Bytes);
        Assert.Null(changed.Disks[0].Base);
        // The same again is the same change; who waits for what has ended is answered at once.
        Assert.Equal(changed.Change.StartedAt, Change(Flatten).StartedAt);
        Assert.Equal(ChangePhase.Done, Await().Change!.Phase);
    }

    [Fact]
    public void Progress_reaches_those_who_follow_events_and_those_who_look()
    {
        StartWithInstance();
        var events = CreateTestProbe();
        events.Send(Scheduler, new SubscribeEvents(null));
        events.ExpectMsg<EventsSubscribed>();
        var gate = _disk.Hold("change");
        Change(Flatten);
        var seen = events.FishForMessage<Events>(m => m.Items.Any(
            e => e is ClusterEvent.DisksChanged { Progress: not null }));
        Assert.NotEmpty(seen.Items);
        Assert.Equal(Given.GiB, Get("vm-1").ChangeProgress!.TotalBytes);
        gate.SetResult();
        events.FishForMessage<Events>(m => m.Items.Any(
            e => e is ClusterEvent.DisksChanged { Phase: ChangePhase.Done }));
    }

    [Fact]
    public void Leader_and_host_may_die_in_the_middle_of_a_change_and_it_is_done_once()
    {
        StartWithInstance();
        var gate = _disk.Hold("change");
        Change(Flatten);
        AwaitCondition(() => _disk.Calls("change") == 1);
        var host = _host;
        StopScheduler();
        Kill(host);
        gate.SetCanceled();
        _disk.Heal();
        StartScheduler(epoch: 2);
        Assert.Equal(ChangePhase.Running, Get("vm-1").Change!.Phase);
        StartHost();
        AwaitAssert(() =>
        {
            TestScheduler.Advance(TimeSpan.FromSeconds(6));
            Assert.Equal(ChangePhase.Done, Get("vm-1").Change!.Phase);
        });
        Assert.Null(_disk.Records[Given.Id()].Disks[0].BackingFile);
        Assert.Equal(2, _disk.Calls("change"));
    }

    [Fact]
    public void What_a_dying_leader_did_not_hear_is_told_to_the_next_one()
    {
        StartWithInstance();
        var gate = _disk.Hold("change");
        Change(Flatten);
        AwaitCondition(() => _disk.Calls("change") == 1);
        StopScheduler();
        _host.Tell(new HostActor.Disconnected());
        gate.SetResult();
        AwaitCondition(() => _disk.Records[Given.Id()].LastChange is not null);
        StartScheduler(epoch: 2);
        _host.Tell(new HostActor.Connected(Scheduler));
        AwaitAssert(() => Assert.Equal(ChangePhase.Done, Get("vm-1").Change!.Phase));
        Assert.Equal(1, _disk.Calls("change"));
    }

    [Fact]
    public void A_cancelled_change_ends_as_cancelled_and_another_can_follow()
    {
        StartWithInstance();
        _disk.Hold("change");
        Change(Flatten);
        AwaitCondition(() => _disk.Calls("change") == 1);
        Scheduler.Tell(new CancelInstanceChange(Given.Id()));
        Assert.Equal(
            ChangePhase.Cancelling, ExpectMsg<InstanceFound>().Instance.Change!.Phase);
        Assert.Equal(ChangePhase.Cancelled, Await().Change!.Phase);
        _disk.Heal();
        Change(new ChangeRequest.Resize(4 * Given.GiB));
        Assert.Equal(4 * Given.GiB, Await().Disks[0].VirtualSizeBytes);
    }

    [Fact]
    public void An_instance_deleted_in_the_middle_of_a_change_is_gone()
    {
        StartWithInstance();
        _disk.Hold("change");
        Change(Flatten);
        AwaitCondition(() => _disk.Calls("change") == 1);
        Scheduler.Tell(new DeleteInstance(Given.Id()));
        ExpectMsg<InstanceFound>();
        AwaitAssert(() => Assert.Equal(LaunchPhase.Deleted, Get("vm-1").Phase));
        Assert.True(_disk.HasNoInstances);
    }

    [Fact]
    public void What_cannot_be_done_is_refused_and_nothing_is_journaled()
    {
        StartWithInstance();
        Scheduler.Tell(new ChangeInstance(Given.Id(), new ChangeRequest.Resize(1)));
        Assert.Equal(RequestErrorCode.CannotChange, ExpectMsg<Refused>().Error.Code);
        Scheduler.Tell(new ChangeInstance(Given.Id("nobody"), Flatten));
        Assert.Equal(RequestErrorCode.InstanceNotFound, ExpectMsg<Refused>().Error.Code);
        Assert.Null(Get("vm-1").Change);
    }
}

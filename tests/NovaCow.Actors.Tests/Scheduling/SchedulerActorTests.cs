using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Tests.Scheduling;

public sealed class SchedulerActorTests : SchedulerTestKit
{
    [Fact]
    public void A_launch_goes_from_accepted_to_active()
    {
        StartWithImage();
        var host = Join("a");
        Launch("vm-1");
        var accepted = ExpectMsg<SchedulerProtocol.LaunchAccepted>().Instances[0];
        Assert.Equal((LaunchPhase.Placed, Given.Host()), (accepted.Phase, accepted.Host!));
        Scheduler.Tell(new AwaitInstance(
            Given.Id(), Awaited.Launched, TimeSpan.FromMinutes(1)));

        MakeActive(host, "a");

        Assert.Equal(LaunchPhase.Active, ExpectMsg<InstanceFound>().Instance.Phase);
        Scheduler.Tell(new DeleteInstance(Given.Id()));
        Assert.Equal(LaunchPhase.Deleting, ExpectMsg<InstanceFound>().Instance.Phase);
        Scheduler.Tell(new AwaitInstance(Given.Id(), Awaited.Deleted, TimeSpan.FromMinutes(1)));
        var discard = host.ExpectMsg<HostProtocol.Discard>();
        host.Send(Scheduler, new Deleted(Given.Host(), discard.Id, discard.Fence));
        Assert.Equal(LaunchPhase.Deleted, ExpectMsg<InstanceFound>().Instance.Phase);
    }

    [Fact]
    public void Nothing_is_told_to_anybody_before_it_is_durable()
    {
        StartWithImage();
        var host = Join("a");
        var held = Store.Hold();

        Launch("vm-1");
        Launch("vm-2");
        Scheduler.Tell(new GetInstance(Given.Id()));
        AwaitIdleButStore();
        ExpectNothing(host);

        held.Dispose();
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        ExpectMsg<InstanceFound>();
        host.ExpectMsg<HostProtocol.Prepare>();
        host.ExpectMsg<HostProtocol.Prepare>();
    }

    [Fact]
    public void Commands_that_come_while_events_are_written_share_a_write()
    {
        StartWithImage();
        Join("a");
        var before = Store.CountAppends();
        var held = Store.Hold();
        for (var i = 0; i < 100; i++)
            Launch($"vm-{i}");
        AwaitIdleButStore();
        held.Dispose();
        for (var i = 0; i < 100; i++)
            ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        Assert.InRange(Store.CountAppends() - before, 2, 3);
    }

    [Fact]
    public void A_deposed_scheduler_stops_and_says_nothing()
    {
        StartWithImage();
        var host = Join("a");
        Watch(Scheduler);
        Store.Epoch = 2;

        Launch("vm-1");

        ExpectTerminated(Scheduler);
        host.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void A_restart_in_the_middle_of_launches_loses_none_and_commits_each_once()
    {
        StartWithImage();
        var host = Join("a");
        Launch("made", "lost", "active");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        var prepares = host.ReceiveN(3).Cast<HostProtocol.Prepare>().ToList();
        SayPrepared(host, prepares[2], "a");
        host.ExpectMsg<HostProtocol.Commit>();
        StopScheduler();

        StartScheduler(epoch: 2);
        var welcome = Hello(
            host, "a",
            new HostedInstance(Given.Id("made"), Given.Fence(), InstanceState.Prepared),
            new HostedInstance(Given.Id("active"), Given.Fence(), InstanceState.Active));

        Assert.Equal(2, welcome.Epoch);
        Assert.Equal([Verdict.Stands, Verdict.Commit], welcome.Verdicts.Select(v => v.Verdict));
        var again = host.ReceiveN(2).Cast<HostProtocol.Prepare>().ToList();
        Assert.Equal(["made", "lost"], again.Select(p => p.Id.Value));
        Assert.All(again, p => Assert.Equal(Given.Fence(2, 1), p.Fence));
        SayPrepared(host, again[0], "a");
        host.ExpectMsg<HostProtocol.Commit>();
        Assert.Equal(LaunchPhase.Committed, Get("made").Phase);
        Launch("made", "lost", "active");
        Assert.Equal(3, ExpectMsg<SchedulerProtocol.LaunchAccepted>().Instances.Count);
        host.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void A_state_that_was_saved_and_the_events_after_it_are_the_whole()
    {
        Settings = Settings with { SnapshotAfterEvents = 20 };
        StartWithImage();
        var host = Join("a");
        for (var i = 0; i < 30; i++)
        {
            Launch($"vm-{i}");
            ExpectMsg<SchedulerProtocol.LaunchAccepted>();
            MakeActive(host, "a");
        }

        AwaitIdle();
        StopScheduler();
        StartScheduler(epoch: 2);

        Scheduler.Tell(new ListInstances(null, 100));
        var page = ExpectMsg<InstancePage>();
        Assert.Equal((30, 30), (page.Total, page.Instances.Count));
        Assert.All(page.Instances, i => Assert.Equal(LaunchPhase.Active, i.Phase));
        Scheduler.Tell(new ListHosts());
        var known = Assert.Single(ExpectMsg<HostList>().Hosts);
        Assert.Equal((HostStatus.Disconnected, 30), (known.Status, known.Claims.Launches));
    }

    [Fact]
    public void A_host_whose_link_ends_has_its_grace_and_then_its_uncommitted_launches_move()
    {
        StartWithImage();
        var first = Join("a");
        Launch("vm-1", "vm-2");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        var prepares = first.ReceiveN(2).Cast<HostProtocol.Prepare>().ToList();
        MakeActive(first, "a", prepares[0]);
        var second = Join("b");
        Sys.Stop(first.Ref);
        TestScheduler.Advance(TimeSpan.FromSeconds(14));
        second.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Given.Host("a"), Get("vm-2").Host);

        TestScheduler.Advance(TimeSpan.FromSeconds(2));

        var moved = second.ExpectMsg<HostProtocol.Prepare>();
        Assert.Equal(("vm-2", Given.Fence(1, 2)), (moved.Id.Value, moved.Fence));
        Assert.Equal(Given.Host("a"), Get("vm-1").Host);

        var back = CreateTestProbe();
        var welcome = Hello(
            back, "a",
            new HostedInstance(Given.Id("vm-1"), Given.Fence(), InstanceState.Active),
            new HostedInstance(Given.Id("vm-2"), Given.Fence(), InstanceState.Prepared));
        Assert.Equal(
            [Verdict.Stands, Verdict.Discard], welcome.Verdicts.Select(v => v.Verdict));
    }

    [Fact]
    public void What_comes_late_over_an_older_connection_is_not_heard()
    {
        StartWithImage();
        var old = Join("a");
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        var prepare = old.ExpectMsg<HostProtocol.Prepare>();
        var present = CreateTestProbe();
        Hello(present, "a");
        present.ExpectMsg<HostProtocol.Prepare>();

        old.Send(Scheduler, new SchedulerProtocol.LaunchFailed(
            Given.Host(), prepare.Id, prepare.Fence,
            new LaunchError(LaunchErrorCode.VolumeDriver, "late", false)));

        old.ExpectMsg<HostProtocol.SayHello>();
        Assert.Equal(LaunchPhase.Placed, Get("vm-1").Phase);
        Sys.Stop(old.Ref);
        TestScheduler.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(Given.Host("a"), Get("vm-1").Host);
    }

    [Fact]
    public void A_second_process_under_a_hosts_name_is_heard_only_when_the_first_is_gone()
    {
        StartWithImage();
        var first = Join("a");
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        MakeActive(first, "a");
        var second = CreateTestProbe();
        var hello = new HostHello(Facts("a", "a-2"));
        second.Send(Scheduler, hello);
        AwaitIdle();
        Assert.Equal(LaunchPhase.Active, Get("vm-1").Phase);

        // A report follows each hello: were it answered by SayHello, the two would never rest.
        second.Send(Scheduler, new HostReport(
            Given.Host("a"),
            "a-2",
            new HostUsage(0, 0, 0, 0, 0, 0),
            new HostCounters(0, 0, 0, 0, 0)));
        second.ExpectNoMsg(TimeSpan.FromMilliseconds(1));

        Sys.Stop(first.Ref);
        second.ExpectMsg<HostProtocol.SayHello>();
        second.Send(Scheduler, hello);
        second.ExpectMsg<HostProtocol.Welcome>();
        Assert.Equal(LaunchPhase.Failed, Get("vm-1").Phase);
    }

    [Fact]
    public void An_unanswered_command_is_sent_again()
    {
        StartWithImage();
        var host = Join("a");
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        var first = host.ExpectMsg<HostProtocol.Prepare>();
        TestScheduler.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(first, host.ExpectMsg<HostProtocol.Prepare>());
    }

    [Fact]
    public void A_host_that_reports_without_a_hello_is_asked_for_one()
    {
        StartScheduler();
        var host = CreateTestProbe();
        host.Send(Scheduler, new HostReport(
            Given.Host(), "a-1", new HostUsage(0, 0, 0, 0, 0, 0), new HostCounters(0, 0, 0, 0, 0)));
        host.ExpectMsg<HostProtocol.SayHello>();
    }

    [Fact]
    public void Who_waits_too_long_or_in_too_large_a_crowd_is_told_so()
    {
        Settings = Settings with { MaxWaiters = 1 };
        StartWithImage();
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        var wait = new AwaitInstance(Given.Id(), Awaited.Launched, TimeSpan.FromSeconds(5));
        Scheduler.Tell(wait);
        Scheduler.Tell(wait);
        Assert.Equal(RequestErrorCode.Busy, ExpectMsg<Refused>().Error.Code);
        TestScheduler.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(RequestErrorCode.Timeout, ExpectMsg<Refused>().Error.Code);
        Scheduler.Tell(wait with { Id = Given.Id("nobody") });
        Assert.Equal(RequestErrorCode.InstanceNotFound, ExpectMsg<Refused>().Error.Code);
    }

    [Fact]
    public void Events_can_be_followed_and_resumed_across_a_restart()
    {
        StartWithImage();
        Scheduler.Tell(new SubscribeEvents(null));
        var next = ExpectMsg<EventsSubscribed>().Next;
        var host = Join("a");
        var joined = Assert.Single(ExpectMsg<Events>().Items);
        Assert.Equal(next, joined.Sequence);
        Launch("vm-1");
        var launched = ExpectMsg<Events>().Items;
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        Assert.Equal(
            [LaunchPhase.Accepted, LaunchPhase.Placed],
            launched.Cast<ClusterEvent.InstanceChanged>().Select(e => e.Phase));
        Scheduler.Tell(new UnsubscribeEvents());
        MakeActive(host, "a");
        AwaitIdle();
        StopScheduler();

        StartScheduler(epoch: 2);
        Scheduler.Tell(new SubscribeEvents(launched[^1].Sequence));
        Assert.False(ExpectMsg<EventsSubscribed>().Missed);
        Assert.Equal(
            [LaunchPhase.Committed, LaunchPhase.Active],
            ExpectMsg<Events>().Items.Cast<ClusterEvent.InstanceChanged>().Select(e => e.Phase));
    }

    [Fact]
    public void Every_question_has_its_answer()
    {
        StartWithImage();
        Join("a");
        Scheduler.Tell(new ListImages());
        Assert.Equal(Given.Image, Assert.Single(ExpectMsg<ImageList>().Images));
        Scheduler.Tell(new GetImage(Given.Image.Name));
        Assert.Equal(Given.Image, ExpectMsg<ImageFound>().Image);
        Scheduler.Tell(new GetImage(ImageName.Parse("nope")));
        Assert.Equal(RequestErrorCode.ImageNotFound, ExpectMsg<Refused>().Error.Code);
        Scheduler.Tell(new ListFlavors());
        Assert.Equal(5, ExpectMsg<FlavorList>().Flavors.Count);
        Scheduler.Tell(new GetFlavor(Given.Small.Name));
        Assert.Equal(Given.Small, ExpectMsg<FlavorFound>().Flavor);
        Scheduler.Tell(new GetFlavor(FlavorName.Parse("nope")));
        Assert.Equal(RequestErrorCode.FlavorNotFound, ExpectMsg<Refused>().Error.Code);
        Scheduler.Tell(new GetHost(Given.Host()));
        Assert.Equal(HostStatus.Up, ExpectMsg<HostFound>().Host.Status);
        Scheduler.Tell(new GetHost(Given.Host("nope")));
        Assert.Equal(RequestErrorCode.HostNotFound, ExpectMsg<Refused>().Error.Code);
        Scheduler.Tell(new ListBases(null));
        Assert.Empty(ExpectMsg<BaseList>().Bases);
        Scheduler.Tell(new ExplainPlacement(Given.Image.Name, Given.Tiny.Name));
        Assert.Equal(Given.Host(), ExpectMsg<PlacementExplained>().Host);
        Scheduler.Tell(new ListInstances(null, 0));
        Assert.Equal(RequestErrorCode.InvalidRequest, ExpectMsg<Refused>().Error.Code);
        Scheduler.Tell(new DeleteInstance(Given.Id("nobody")));
        Assert.Equal(RequestErrorCode.InstanceNotFound, ExpectMsg<Refused>().Error.Code);
        Scheduler.Tell(new DeleteImage(Given.Image.Name));
        ExpectMsg<SchedulerProtocol.ImageDeleted>();
    }
}

using System.Text;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Serialization;
using NovaCow.Runtime.TestKit;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Tests.Scheduling;

/// <summary>Duties of hosts, their ends, and where launches go.</summary>
public sealed class FleetActorTests : SchedulerTestKit
{
    private HostInfo SetDuty(string host, HostDuty duty)
    {
        Scheduler.Tell(new SetHostDuty(Given.Host(host), duty));
        return ExpectMsg<HostFound>().Host;
    }

    [Fact]
    public void A_drain_is_durable_before_the_host_is_told_and_outlives_the_leader()
    {
        StartWithImage();
        var a = Join("a");
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        var prepare = a.ExpectMsg<HostProtocol.Prepare>();
        var b = Join("b");
        var held = Store.Hold();
        Scheduler.Tell(new SetHostDuty(Given.Host("a"), HostDuty.Draining));
        AwaitIdleButStore();
        ExpectNothing(a);
        held.Dispose();

        Assert.Equal(HostDuty.Draining, ExpectMsg<HostFound>().Host.Duty);
        Assert.Equal(prepare.Fence, a.ExpectMsg<HostProtocol.Discard>().Fence);
        Assert.Equal(2, b.ExpectMsg<HostProtocol.Prepare>().Fence.Attempt);

        StopScheduler();
        StartScheduler(epoch: 2);
        Scheduler.Tell(new GetHost(Given.Host("a")));
        Assert.Equal(HostDuty.Draining, ExpectMsg<HostFound>().Host.Duty);
    }

    [Fact]
    public void What_a_drained_host_has_made_too_late_is_discarded_there()
    {
        StartWithImage();
        var a = Join("a");
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        var prepare = a.ExpectMsg<HostProtocol.Prepare>();
        Join("b");
        SetDuty("a", HostDuty.Draining);
        a.ExpectMsg<HostProtocol.Discard>();
        SayPrepared(a, prepare, "a");
        Assert.Equal(prepare.Fence, a.ExpectMsg<HostProtocol.Discard>().Fence);
        Assert.Equal(Given.Host("b"), Get("vm-1").Host);
    }

    [Fact]
    public void A_host_that_says_it_stops_is_answered_once_its_launches_are_elsewhere()
    {
        StartWithImage();
        var a = Join("a");
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        a.ExpectMsg<HostProtocol.Prepare>();
        var b = Join("b");

        a.Send(Scheduler, new HostLeaving(Given.Host("a"), "a-1"));
        a.ExpectMsg<HostProtocol.Farewell>();
        b.ExpectMsg<HostProtocol.Prepare>();
        Sys.Stop(a.Ref);
        AwaitIdle();
        Scheduler.Tell(new GetHost(Given.Host("a")));
        Assert.Equal(HostStatus.Unreachable, ExpectMsg<HostFound>().Host.Status);
    }

    [Fact]
    public void A_host_is_removed_when_it_is_gone_and_joins_again_as_a_new_one()
    {
        StartWithImage();
        var a = Join("a");
        SetDuty("a", HostDuty.Cordoned);
        Scheduler.Tell(new RemoveHost(Given.Host("a"), IsForced: true));
        Assert.Equal(RequestErrorCode.Conflict, ExpectMsg<Refused>().Error.Code);

        a.Send(Scheduler, new HostLeaving(Given.Host("a"), "a-1"));
        a.ExpectMsg<HostProtocol.Farewell>();
        Scheduler.Tell(new RemoveHost(Given.Host("a"), IsForced: false));
        Assert.Equal(Given.Host("a"), ExpectMsg<HostForgotten>().Host);
        Scheduler.Tell(new GetHost(Given.Host("a")));
        Assert.Equal(RequestErrorCode.HostNotFound, ExpectMsg<Refused>().Error.Code);

        // Its old link may still stand when its next life says hello.
        Join("a");
        Scheduler.Tell(new GetHost(Given.Host("a")));
        var back = ExpectMsg<HostFound>().Host;
        Assert.Equal((HostDuty.Active, HostStatus.Up), (back.Duty, back.Status));
    }

    [Fact]
    public void Followers_are_told_of_duties_and_of_removals()
    {
        StartWithImage();
        var a = Join("a");
        Scheduler.Tell(new SubscribeEvents(null));
        ExpectMsg<EventsSubscribed>();
        Scheduler.Tell(new SetHostDuty(Given.Host("a"), HostDuty.Cordoned));
        Assert.Equal(HostDuty.Cordoned, Changed().Duty);
        ExpectMsg<HostFound>();
        a.Send(Scheduler, new HostLeaving(Given.Host("a"), "a-1"));
        Assert.Equal("stopped in order", Changed().Message);
        Scheduler.Tell(new RemoveHost(Given.Host("a"), IsForced: false));
        Assert.True(Changed().IsRemoved);

        ClusterEvent.HostChanged Changed() => Assert.IsType<ClusterEvent.HostChanged>(
            Assert.Single(ExpectMsg<Events>().Items));
    }

    [Fact]
    public void A_full_queue_says_in_its_refusal_when_to_ask_again()
    {
        Settings = Settings with { Limits = new SchedulerLimits { MaxWaiting = 1 } };
        StartWithImage();
        Launch("vm-1");
        Assert.Equal(1, ExpectMsg<SchedulerProtocol.LaunchAccepted>().Instances[0].QueuePlace);
        Launch("vm-2");
        var refused = ExpectMsg<Refused>().Error;
        Assert.Equal((RequestErrorCode.Busy, 5), (refused.Code, refused.RetryAfterSeconds));
    }

    [Fact]
    public void What_was_written_before_there_were_duties_labels_and_groups_is_read_as_it_was_meant()
    {
        var serializer = WireMessages.Register(new MessageSerializer());
        var joined = (HostJoined)Read("j.host+", """
            {"host":"a","incarnation":"i","driver":"qcow2",
             "capacity":{"vCpus":1,"memoryBytes":2,"diskBytes":3},
             "at":"2026-01-01T00:00:00+00:00","drivers":["qcow2"]}
            """);
        Assert.Empty(joined.Labels);
        Assert.Null(joined.Overcommit);
        Assert.False(((HostLost)Read(
            "j.host-", """{"host":"a","at":"2026-01-01T00:00:00+00:00"}""")).HasLeft);
        var launch = (SchedulerProtocol.Launch)Read("vm.launch", """
            {"image":"debian","flavor":"m1.tiny","instances":["vm-1"],
             "options":{"driver":null,"layout":"auto"}}
            """);
        Assert.Equal(LaunchOptions.None, launch.Options);

        object Read(string manifest, string json) =>
            serializer.Deserialize(manifest, Encoding.UTF8.GetBytes(json));
    }
}

using NovaCow.Actors.Protocols;
using NovaCow.Actors.Scheduling;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Actors.Tests.Scheduling;

/// <summary>A scheduler over a store in memory; probes stand for hosts, the test for clients.
/// </summary>
public abstract class SchedulerTestKit : TestKit
{
    private protected SchedulerTestKit()
        : base(new VirtualTimeProvider())
    {
        PersistenceExtension.Register(
            Sys, Store, WireMessages.Register(new MessageSerializer()));
    }

    private protected TestStore Store { get; } = new();

    private protected IActorRef Scheduler { get; private set; } = ActorRefs.Nobody;

    private protected SchedulerSettings Settings { get; set; } =
        new() { Leadership = new Fence("leader", 1) };

    private protected void StartScheduler(long epoch = 1)
    {
        Store.Epoch = epoch;
        Settings = Settings with { Leadership = new Fence("leader", epoch) };
        Scheduler = Sys.ActorOf(SchedulerActor.Props(Settings));
    }

    private protected void StartWithImage()
    {
        StartScheduler();
        Scheduler.Tell(new SchedulerProtocol.RegisterImage(Given.Image));
        Assert.True(ExpectMsg<SchedulerProtocol.ImageRegistered>().Created);
    }

    // What is held up in the store counts as work: that all commands were taken is seen by this.
    private protected void AwaitIdleButStore()
    {
        Scheduler.Tell(new Identify(this));
        ExpectMsg<ActorIdentity>();
    }

    private protected void ExpectNothing(TestProbe host)
    {
        Assert.Null(ReceiveOne(TimeSpan.FromMilliseconds(50)));
        Assert.Null(host.ReceiveOne(TimeSpan.FromMilliseconds(50)));
    }

    private protected void StopScheduler()
    {
        Watch(Scheduler);
        Scheduler.Tell(PoisonPill.Instance);
        ExpectTerminated(Scheduler);
    }

    private protected TestProbe Join(string host, params HostedInstance[] instances)
    {
        var probe = CreateTestProbe(host);
        Hello(probe, host, instances);
        return probe;
    }

    private protected HostProtocol.Welcome Hello(
        TestProbe probe, string host, params HostedInstance[] instances)
    {
        probe.Send(Scheduler, new SchedulerProtocol.HostHello(Facts(host, host + "-1", instances)));
        return probe.ExpectMsg<HostProtocol.Welcome>();
    }

    private protected static HostFacts Facts(
        string host, string incarnation, params HostedInstance[] instances) => new()
        {
            Host = Given.Host(host),
            Incarnation = incarnation,
            Drivers = ["fake"],
            Capacity = Given.Roomy,
            Bases = [],
            Instances = instances,
        };

    private protected void Launch(params string[] ids) =>
        Scheduler.Tell(new SchedulerProtocol.Launch(
            Given.Image.Name, Given.Tiny.Name, [.. ids.Select(Given.Id)]));

    private protected InstanceInfo Get(string id)
    {
        Scheduler.Tell(new SchedulerProtocol.GetInstance(Given.Id(id)));
        return ExpectMsg<SchedulerProtocol.InstanceFound>().Instance;
    }

    private protected void SayPrepared(TestProbe host, HostProtocol.Prepare prepare, string name) =>
        host.Send(Scheduler, new SchedulerProtocol.Prepared(
            Given.Host(name), prepare.Id, prepare.Fence, [],
            new Preparation(true, TimeSpan.Zero, TimeSpan.Zero)));

    private protected void MakeActive(TestProbe host, string name) =>
        MakeActive(host, name, host.ExpectMsg<HostProtocol.Prepare>());

    private protected void MakeActive(TestProbe host, string name, HostProtocol.Prepare prepare)
    {
        SayPrepared(host, prepare, name);
        var commit = host.ExpectMsg<HostProtocol.Commit>();
        host.Send(
            Scheduler,
            new SchedulerProtocol.Activated(Given.Host(name), commit.Id, commit.Fence));
    }
}

using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Actors.Tests.Hosting;

/// <summary>One host over a fake disk; the test's probe stands for the scheduler.</summary>
public abstract class HostTestKit : TestKit
{
    private protected HostTestKit()
        : base(new VirtualTimeProvider())
    {
        Scheduler = CreateTestProbe("scheduler");
        // Reports come all the time; those tests that want them look at them.
        Scheduler.IgnoreMessages(
            m => m is SchedulerProtocol.HostReport or SchedulerProtocol.BaseProgress);
        Copies = new FakeCopies(Disk);
    }

    private protected FakeDisk Disk { get; } = new();

    /// <summary>The host's other driver.</summary>
    private protected FakeCopies Copies { get; }

    private protected TestProbe Scheduler { get; }

    private protected IActorRef Host { get; private set; } = ActorRefs.Nobody;

    private protected HostFacts StartHost(HostLimits? limits = null, string name = "a")
    {
        Host = Sys.ActorOf(
            HostActor.Props(Given.Settings(Disk, name, limits, Copies)), "host");
        Host.Tell(new HostActor.Connected(Scheduler.Ref));
        var facts = Scheduler.ExpectMsg<SchedulerProtocol.HostHello>().Facts;
        Send(new HostProtocol.Welcome(1, []));
        return facts;
    }

    private protected void Use(IActorRef host) => Host = host;

    private protected void StopHost()
    {
        Watch(Host);
        Sys.Stop(Host);
        ExpectTerminated(Host);
    }

    private protected void Send(IHostMessage message) => Host.Tell(message, Scheduler.Ref);

    private protected void Prepare(
        string id = "vm-1", int attempt = 1, long epoch = 1, LaunchSpec? spec = null) =>
        Send(new HostProtocol.Prepare(
            Given.Id(id), Given.Fence(epoch, attempt), spec ?? Given.Spec));

    private protected void Commit(string id = "vm-1", int attempt = 1, long epoch = 1) =>
        Send(new HostProtocol.Commit(Given.Id(id), Given.Fence(epoch, attempt)));

    private protected void Discard(string id = "vm-1", int attempt = 1, long epoch = 1) =>
        Send(new HostProtocol.Discard(Given.Id(id), Given.Fence(epoch, attempt)));

    private protected SchedulerProtocol.Prepared ExpectPrepared() =>
        Scheduler.ExpectMsg<SchedulerProtocol.Prepared>();

    private protected LaunchError ExpectFailed() =>
        Scheduler.ExpectMsg<SchedulerProtocol.LaunchFailed>().Error;

    private protected void Active(string id = "vm-1")
    {
        Prepare(id);
        ExpectPrepared();
        Commit(id);
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
    }

    /// <summary>Removes one instance, and holds that nothing of any is left.</summary>
    private protected void ExpectCleanDiscard(string id = "vm-1", int attempt = 1)
    {
        Discard(id, attempt);
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.True(Disk.HasNoInstances);
    }
}

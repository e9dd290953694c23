using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Tests.Hosting;

/// <summary>One host over a fake disk and a fake hypervisor.</summary>
public abstract class MachineTestKit : HostTestKit
{
    private protected static readonly InstanceId Id = Given.Id();

    private int _hosts;

    private protected MachineTestKit() => Scheduler.IgnoreMessages(
        m => m is SchedulerProtocol.HostReport or SchedulerProtocol.BaseProgress
            or SchedulerProtocol.ChangeProgressed or SchedulerProtocol.PowerChanged
            or SchedulerProtocol.CapturesHeld);

    private protected FakeHypervisor Hypervisor { get; } = new();

    private protected InstanceRecord Record => Disk.Records[Id];

    private protected MachineStatus? Machine => Hypervisor.Machines.GetValueOrDefault(Id);

    private protected HostFacts StartMachineHost(bool resume = true)
    {
        Use(Sys.ActorOf(
            HostActor.Props(Given.Settings(Disk, copies: Copies) with
            {
                Machines = Hypervisor.AsMachines(resume),
                Captures = Hypervisor,
            }),
            $"host-{++_hosts}"));
        Host.Tell(new HostActor.Connected(Scheduler.Ref));
        var facts = Scheduler.ExpectMsg<SchedulerProtocol.HostHello>().Facts;
        Send(new HostProtocol.Welcome(1, []));
        return facts;
    }

    private protected void Change(InstanceChange what, int number = 1) =>
        Send(new HostProtocol.Change(Id, Given.Fence(), number, what));

    private protected SchedulerProtocol.EndedChange ExpectChanged(int number = 1)
    {
        var ended = Scheduler.ExpectMsg<SchedulerProtocol.Changed>().Ended;
        Assert.Equal(number, ended.Number);
        return ended;
    }

    private protected LaunchError ExpectNotChanged(int number = 1)
    {
        var failed = Scheduler.ExpectMsg<SchedulerProtocol.ChangeFailed>();
        Assert.Equal(number, failed.Ended.Number);
        return failed.Error;
    }
}

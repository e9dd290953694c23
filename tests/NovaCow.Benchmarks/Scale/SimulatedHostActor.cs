using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;

namespace NovaCow.Benchmarks.Scale;

/// <summary>A host without disks: whatever it is asked for, it has done at once.</summary>
internal sealed class SimulatedHostActor : ReceiveActor
{
    private static readonly Preparation Quick = new(true, TimeSpan.Zero, TimeSpan.Zero);

    public SimulatedHostActor(HostId id, IActorRef scheduler)
    {
        Receive<HostProtocol.Prepare>(m => scheduler.Tell(
            new SchedulerProtocol.Prepared(
                id, m.Id, m.Fence, ManyInstances.DisksOf(m.Id, m.Spec), Quick),
            Self));
        Receive<HostProtocol.Commit>(m => scheduler.Tell(
            new SchedulerProtocol.Activated(id, m.Id, m.Fence), Self));
        Receive<HostProtocol.Welcome>(_ => { });
        scheduler.Tell(
            new SchedulerProtocol.HostHello(new HostFacts
            {
                Host = id,
                Incarnation = $"{id}-1",
                Drivers = ["qcow2"],
                Capacity = ManyInstances.Capacity,
                Bases = [],
                Instances = [],
            }),
            Self);
    }
}

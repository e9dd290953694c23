using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Simulation;

/// <summary>What a host of the model says to the scheduler, and what is around it.</summary>
internal interface IModelCluster
{
    Agenda Agenda { get; }

    SimulationSettings Settings { get; }

    /// <summary>When the simulation begins.</summary>
    DateTimeOffset Epoch { get; }

    SharedLink LinkOf(Image image);

    void BaseChanged(HostId host, BaseReport report);

    void Reported(HostId host, string incarnation, HostPaces paces);

    void Prepared(HostId host, ModelInstance instance);

    void NoRoom(HostId host, InstanceId id, LaunchFence fence);

    void Activated(HostId host, ModelInstance instance);

    void Removed(HostId host, InstanceId id, LaunchFence fence);
}

using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

/// <summary>Machines and what runs them, as the API shows them.</summary>
internal static partial class Mapping
{
    private static PowerResource ToResource(PowerInfo power) =>
        new(Lower(power.State), Lower(power.Cause), power.Since);

    private static HypervisorResource ToResource(HypervisorCapabilities hypervisor) => new(
        hypervisor.Name, hypervisor.Accelerator, hypervisor.Version, hypervisor.Warning);
}

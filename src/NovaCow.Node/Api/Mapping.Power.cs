using Happened = NovaCow.Core.Scheduling.ClusterEvent;

namespace NovaCow.Node.Api;

/// <summary>How machines are as the API shows it.</summary>
internal static partial class Mapping
{
    private static Client.ClusterEvent Power(Happened.PowerChanged e) => Event(
        e, $"power.{Lower(e.Power.State)}", e.Id.Value, e.Host,
        $"{e.Id}: its machine is {Lower(e.Power.State)}, {Lower(e.Power.Cause)}");
}

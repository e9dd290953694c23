using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using Happened = NovaCow.Core.Scheduling.ClusterEvent;

namespace NovaCow.Node.Api;

/// <summary>The fleet's duties and its queue as the API shows them.</summary>
internal static partial class Mapping
{
    /// <summary>Why a launch waits, and how it was lost before if it was.</summary>
    private static string? Waiting(InstanceInfo instance) =>
        instance is { WaitingFor: { } reason, Error: { } before }
            ? $"{reason}; before: {before.Message}"
            : instance.WaitingFor;

    private static string HostKind(Happened.HostChanged e) => e switch
    {
        { IsRemoved: true } => "removed",
        { Duty: HostDuty.Active } => "uncordoned",
        { Duty: { } duty } => Lower(duty),
        _ => Lower(e.Status),
    };
}

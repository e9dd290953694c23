using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>Why hosts cannot take a launch, beside their room: duty, labels and groups.</summary>
public static class HostFilters
{
    /// <summary>Why not now; null: nothing is in the way.</summary>
    public static string? WhyNotNow(PlacementRequest request, HostView host) =>
        WhyClosed(host.Duty) ?? (request.IgnoresSoftGroup && request.Spec.IsGroupSoft
            ? null
            : Group(request.Spec.Group, host));

    /// <summary>Why not however long one waits; null: nothing is in the way.</summary>
    public static string? WhyNever(LaunchSpec spec, HostView host) =>
        spec.On?.Unmet(host.Labels) is { } unmet
            ? $"needs {unmet}, has {Labels(host.Labels)}"
        : spec.Hypervisor is { } hypervisor && hypervisor != host.Hypervisor.Name
            ? $"its hypervisor is {host.Hypervisor.Name}, not {hypervisor}"
        : null;

    /// <summary>Why a host of that duty takes nothing new; null: it does.</summary>
    public static string? WhyClosed(HostDuty duty) => duty switch
    {
        HostDuty.Cordoned => "cordoned",
        HostDuty.Draining => "draining",
        _ => null,
    };

    private static string? Group(GroupName? group, HostView host) =>
        group is not null && host.Groups.TryGetValue(group, out var count) && count > 0
            ? $"holds {count} {(count == 1 ? "instance" : "instances")} of group {group} already"
            : null;

    private static string Labels(IReadOnlyList<HostLabel> labels) =>
        labels.Count == 0 ? "no labels" : $"labels {string.Join(',', labels)}";
}

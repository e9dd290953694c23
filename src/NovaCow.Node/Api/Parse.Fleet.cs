using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

internal static partial class Parse
{
    /// <summary>Everything that a launch chooses beside image and flavor.</summary>
    public static LaunchOptions Options(LaunchRequest request) =>
        Options(request.Driver, request.Layout) with
        {
            On = OptionalId<HostSelector>("on", request.On),
            Group = OptionalId<GroupName>("group", request.Group),
            IsGroupSoft = request.Soft,
            Project = OptionalId<ProjectName>("project", request.Project),
            Priority = request.Priority,
            Guest = Guest(request),
            Hypervisor = request.Hypervisor,
        };

    /// <summary>A yes or no in the query; nothing is no.</summary>
    public static bool Flag(string field, string? text) => text switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw ApiException.Invalid($"{field} '{text}': expected true or false"),
    };
}

using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>How far a launch has come, as the scheduler's journal knows it.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<LaunchPhase>))]
public enum LaunchPhase
{
    /// <summary>Taken and durable; it waits for a host with room.</summary>
    Accepted,

    /// <summary>A host makes its disks; this attempt can still be moved.</summary>
    Placed,

    /// <summary>Its disks are made and it belongs to its host for good.</summary>
    Committed,

    /// <summary>It runs, or without a hypervisor its disks are ready.</summary>
    Active,

    /// <summary>It ended without success; the error says why.</summary>
    Failed,

    /// <summary>It is being removed from its host.</summary>
    Deleting,

    /// <summary>Nothing of it is left.</summary>
    Deleted,
}

/// <summary>Questions about phases.</summary>
public static class LaunchPhases
{
    /// <summary>Whether a client that waits for the launch has its answer.</summary>
    public static bool IsSettled(this LaunchPhase phase) =>
        phase is LaunchPhase.Active or LaunchPhase.Failed or LaunchPhase.Deleted;
}

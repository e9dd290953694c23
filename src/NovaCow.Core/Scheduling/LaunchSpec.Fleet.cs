using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>Where in the fleet a launch goes, and when it is its turn.</summary>
public sealed partial record LaunchSpec
{
    /// <summary>What the labels of its host have to say; null: anything.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HostSelector? On { get; init; }

    /// <summary>The group of which a host takes at most one instance; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GroupName? Group { get; init; }

    /// <summary>Whether a host may take another one of the group where no other can.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsGroupSoft { get; init; }

    /// <summary>The project that it waits for; null: <see cref="ProjectName.Default"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProjectName? Project { get; init; }

    /// <summary>Of those that wait, the higher is placed first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Priority { get; init; }

    /// <summary>The project, named or not.</summary>
    [JsonIgnore]
    public ProjectName ProjectOrDefault => Project ?? ProjectName.Default;
}

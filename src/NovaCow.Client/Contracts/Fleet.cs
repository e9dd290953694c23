namespace NovaCow.Client;

/// <summary>Where in the fleet the launch goes, and when it is its turn.</summary>
public sealed partial record LaunchRequest
{
    /// <summary>What the labels of its host have to say, for example
    /// <c>zone=a,disk!=hdd,gpu</c>; null: anything.</summary>
    public string? On { get; init; }

    /// <summary>A group of which each host takes at most one instance; null: none.</summary>
    public string? Group { get; init; }

    /// <summary>Whether a host takes another of the group where it cannot be avoided.</summary>
    public bool Soft { get; init; }

    /// <summary>The project that the launch waits for; null is <c>default</c>.</summary>
    public string? Project { get; init; }

    /// <summary>Of those that wait, the higher is placed first: -100 to 100.</summary>
    public int Priority { get; init; }
}

public sealed partial record InstanceResource
{
    /// <summary>What the launch asked of its host's labels.</summary>
    public string? On { get; init; }

    /// <summary>The group of which each host takes at most one instance.</summary>
    public string? Group { get; init; }

    /// <summary>Whether a host takes another of the group where it cannot be avoided.</summary>
    public bool Soft { get; init; }

    /// <summary>The project that it was launched for.</summary>
    public string? Project { get; init; }

    /// <summary>Of those that wait, the higher is placed first.</summary>
    public int Priority { get; init; }

    /// <summary>Its place among those that wait for a host, from 1, while it does.</summary>
    public int? QueuePlace { get; init; }
}

public sealed partial record HostResource
{
    /// <summary>active, cordoned (it takes no new launches) or draining (what is not finished
    /// there goes elsewhere).</summary>
    public string Duty { get; init; } = "active";

    /// <summary>What launches can choose it by.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } =
        new Dictionary<string, string>();

    /// <summary>The shared file system that its store lies on; null is none. Other hosts on it can
    /// take its instances over when it is dead.</summary>
    public string? SharedStore { get; init; }
}

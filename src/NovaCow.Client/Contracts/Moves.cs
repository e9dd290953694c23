namespace NovaCow.Client;

/// <summary>Asks for an instance to go to another host.</summary>
public sealed record MoveInstanceRequest
{
    /// <summary>The host; null is one that the scheduler chooses.</summary>
    public string? To { get; init; }

    /// <summary>The host to leave: an instance that is on another one stays there, so that a
    /// request which is sent again moves it once. Null is the one that it is on.</summary>
    public string? From { get; init; }
}

/// <summary>Asks for a dead host's instances to be taken over by others on its shared storage.
/// </summary>
public sealed record EvacuateHostRequest
{
    /// <summary>That the host is off, or cut from the storage: if a guest still ran there, two
    /// hosts would write to one disk. Nothing is done without it.</summary>
    public bool Fenced { get; init; }

    /// <summary>The host that gets them; null is those that the scheduler chooses.</summary>
    public string? To { get; init; }

    /// <summary>Whether to try those again at once that failed of late.</summary>
    public bool Again { get; init; }
}

/// <summary>How far a host is from being empty.</summary>
public sealed record HostMovesResource
{
    /// <summary>Instances that are on their way from it or to it.</summary>
    public required int Moving { get; init; }

    /// <summary>Instances that go when others have gone, or when they are active.</summary>
    public required int Waiting { get; init; }

    /// <summary>Instances that cannot go now.</summary>
    public required IReadOnlyList<StayingResource> Staying { get; init; }
}

/// <summary>An instance that a host keeps though it should leave.</summary>
public sealed record StayingResource
{
    /// <summary>The instance.</summary>
    public required string Id { get; init; }

    /// <summary>Why it stays.</summary>
    public required string Reason { get; init; }
}

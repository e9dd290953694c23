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

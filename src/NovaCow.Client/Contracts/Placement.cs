namespace NovaCow.Client;

/// <summary>Where a launch would go now, and why.</summary>
public sealed record PlacementResource
{
    /// <summary>The host; null: none can take it.</summary>
    public string? Host { get; init; }

    /// <summary>How each host stands: the best first, those that cannot take it last.</summary>
    public required IReadOnlyList<HostTermsResource> Hosts { get; init; }
}

/// <summary>How one host stands in a placement.</summary>
/// <param name="Host">The host.</param>
/// <param name="Cache">How soon its cache can serve the image: warm, fetching, cold or failing.
/// </param>
/// <param name="Launches">Launches that it holds.</param>
/// <param name="CacheCounts">Whether it is not too full, beside the others, for its cache to
/// count.</param>
/// <param name="Because">Why it cannot take the launch; null: it can.</param>
public sealed record HostTermsResource(
    string Host, string Cache, int Launches, bool CacheCounts, string? Because);

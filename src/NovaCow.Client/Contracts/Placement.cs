namespace NovaCow.Client;

/// <summary>Where a launch would go now, and why; or how hosts stand to an instance.</summary>
public sealed record PlacementResource
{
    /// <summary>The host; null: none can take it.</summary>
    public string? Host { get; init; }

    /// <summary>The instance, where one was asked about: its reason says why it went where it
    /// is.</summary>
    public InstanceResource? Instance { get; init; }

    /// <summary>How each host stands: the best first, those that cannot take it last.</summary>
    public required IReadOnlyList<HostTermsResource> Hosts { get; init; }
}

/// <summary>How one host stands in a placement.</summary>
/// <param name="Host">The host.</param>
/// <param name="Cache">How soon its cache can serve the image: warm, fetching, cold or failing.
/// </param>
/// <param name="Launches">Launches that it holds.</param>
/// <param name="Ready">When the launch would be ready there.</param>
/// <param name="Because">Why it cannot take the launch; null: it can.</param>
public sealed record HostTermsResource(
    string Host, string Cache, int Launches, ReadyTermsResource Ready, string? Because);

/// <summary>When a launch would be ready on a host, in seconds from now: the sum and its terms.
/// </summary>
/// <param name="Seconds">Queue, base, disks and start together.</param>
/// <param name="Queue">The launches that it has before this one.</param>
/// <param name="Base">The bases that are not there: their fetch and their making.</param>
/// <param name="Disks">The launch's own disks.</param>
/// <param name="Start">The start of the instance.</param>
/// <param name="Crowding">No time, but what a fuller host is worse by.</param>
/// <param name="Traffic">No time, but what a fetch that would have to begin costs others.</param>
public sealed record ReadyTermsResource(
    double Seconds, double Queue, double Base, double Disks, double Start, double Crowding,
    double Traffic);

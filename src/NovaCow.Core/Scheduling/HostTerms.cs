using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>How soon a host's cache can serve an image; lower is sooner.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<CacheTemperature>))]
public enum CacheTemperature
{
    /// <summary>The base is ready.</summary>
    Warm,

    /// <summary>The base is being made, or a launch that will make it was placed there.</summary>
    Fetching,

    /// <summary>The base is not there.</summary>
    Cold,

    /// <summary>The base failed there, and is not tried again yet.</summary>
    Failing,
}

/// <summary>How one host stood in a placement, for people who ask why.</summary>
/// <param name="Host">The host.</param>
/// <param name="Temperature">How soon its cache can serve the image.</param>
/// <param name="Load">Launches that it holds.</param>
/// <param name="WithinAffinity">Whether its load is so near the emptiest host's that its cache
/// counts.</param>
/// <param name="FilteredBecause">Why it cannot take the launch; null: it can.</param>
public sealed record HostTerms(
    HostId Host,
    CacheTemperature Temperature,
    int Load,
    bool WithinAffinity,
    string? FilteredBecause);

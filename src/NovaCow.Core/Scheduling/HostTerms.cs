using System.Globalization;
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

/// <summary>When a launch's disks would be ready on a host, in seconds from now, term by term.
/// </summary>
/// <param name="Queue">The launches that it has before this one.</param>
/// <param name="Base">The bases that are not there: their fetch and their making.</param>
/// <param name="Disks">The launch's own disks.</param>
/// <param name="Start">The start of the instance.</param>
/// <param name="Crowding">No time, but what a fuller host is worse by.</param>
/// <param name="Traffic">No time, but what a fetch that would have to begin costs others.</param>
public readonly record struct ReadyTerms(
    double Queue, double Base, double Disks, double Start, double Crowding, double Traffic)
{
    /// <summary>The predicted time until the instance is ready, in seconds.</summary>
    public double Seconds => Queue + Base + Disks + Start;

    /// <summary>What hosts are compared by, in seconds.</summary>
    public double Weight => Seconds + Crowding + Traffic;

    /// <inheritdoc/>
    public override string ToString()
    {
        // Few digits and no terms that are nothing: it is kept with each launch.
        var terms = string.Join(", ", new (string Name, double Seconds)[]
            {
                ("queue", Queue), ("base", Base), ("disks", Disks), ("start", Start),
                ("crowding", Crowding), ("traffic", Traffic),
            }
            .Where(t => t.Seconds >= 0.001)
            .Select(t => $"{t.Name} {Short(t.Seconds)}"));
        return $"{Short(Seconds)} s" + (terms.Length > 0 ? $" ({terms})" : "");
    }

    private static string Short(double seconds) => seconds switch
    {
        < 0.001 => "0",
        >= 100 => seconds.ToString("0", CultureInfo.InvariantCulture),
        _ => seconds.ToString("G2", CultureInfo.InvariantCulture),
    };
}

/// <summary>How one host stood in a placement, for people who ask why.</summary>
/// <param name="Host">The host.</param>
/// <param name="Temperature">How soon its cache can serve the image.</param>
/// <param name="Load">Launches that it holds.</param>
/// <param name="Ready">When the launch would be ready there.</param>
/// <param name="FilteredBecause">Why it cannot take the launch; null: it can.</param>
public sealed record HostTerms(
    HostId Host,
    CacheTemperature Temperature,
    int Load,
    ReadyTerms Ready,
    string? FilteredBecause);

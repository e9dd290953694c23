using System.Text.Json.Serialization;

namespace NovaCow.Core.Hosting;

/// <summary>An image that was made of a disk, as its host keeps it.</summary>
/// <param name="Digest">The digest of its file.</param>
/// <param name="SizeBytes">The file's length.</param>
public sealed record HeldCapture(Digest Digest, long SizeBytes)
{
    /// <summary>The cluster that it was made for; null: it was not written down.</summary>
    [JsonIgnore]
    public string? Cluster { get; init; }
}

/// <summary>The captured images that a host holds for its cluster.</summary>
/// <param name="Number">Another one after each capture that the host begins: what is ordered by a
/// word of before is passed over.</param>
/// <param name="Images">The images.</param>
public sealed record HeldCaptures(long Number, IReadOnlyList<HeldCapture> Images);

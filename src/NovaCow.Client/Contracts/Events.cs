using System.Text.Json.Serialization;

namespace NovaCow.Client;

/// <summary>Something that happened in the cluster.</summary>
/// <param name="Id">Its place in the stream; give the last one seen to go on from there. Null: it passes
/// once and is not kept, as progress is.</param>
/// <param name="At">When.</param>
/// <param name="Kind">What: <c>instance.active</c>, <c>base.ready</c>, <c>host.up</c>…</param>
/// <param name="Subject">The instance, base, host or image it happened to.</param>
/// <param name="Host">The host it happened on.</param>
/// <param name="Message">The same for a person.</param>
/// <param name="DoneBytes">For a progress event: bytes done.</param>
/// <param name="TotalBytes">For a progress event: bytes in all, where known.</param>
public sealed record ClusterEvent(
    long? Id,
    DateTimeOffset At,
    string Kind,
    string Subject,
    string? Host,
    string Message,
    long? DoneBytes = null,
    long? TotalBytes = null);

/// <summary>An RFC 9457 problem document.</summary>
public sealed record Problem
{
    /// <summary>A URI for the kind of problem.</summary>
    public string? Type { get; init; }

    /// <summary>The kind of problem, for a person.</summary>
    public string? Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public int Status { get; init; }

    /// <summary>What was wrong with which thing, and what to do.</summary>
    public string? Detail { get; init; }

    /// <summary>The kind of problem, for a program: stable.</summary>
    public string? Code { get; init; }

    /// <summary>After how many seconds the same request may succeed, as the header Retry-After
    /// says; null: nobody knows.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? RetryAfterSeconds { get; init; }
}

using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>Why a request was not taken. Stable: programs branch on it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RequestErrorCode>))]
public enum RequestErrorCode
{
    /// <summary>The request itself is wrong.</summary>
    InvalidRequest,

    /// <summary>The catalogue has no such image.</summary>
    ImageNotFound,

    /// <summary>There is no such flavor.</summary>
    FlavorNotFound,

    /// <summary>There is no such instance.</summary>
    InstanceNotFound,

    /// <summary>There is no such host.</summary>
    HostNotFound,

    /// <summary>The host has no such base.</summary>
    BaseNotFound,

    /// <summary>The flavor's root disk is smaller than the image needs.</summary>
    FlavorTooSmall,

    /// <summary>Each part of the request can be had, but not together.</summary>
    Unprocessable,

    /// <summary>The id or name is taken by something else.</summary>
    Conflict,

    /// <summary>What was asked cannot be done to this instance's disks as they are.</summary>
    CannotChange,

    /// <summary>The host has no room for it.</summary>
    NoRoom,

    /// <summary>A named limit is reached; the same request can succeed later.</summary>
    Busy,

    /// <summary>It did not happen in its time; it may still happen.</summary>
    Timeout,
}

/// <summary>A request that was not taken, told so that a person can act on it.</summary>
/// <param name="Code">Its kind.</param>
/// <param name="Message">Which thing, what was wrong, and what to do.</param>
public sealed record RequestError(RequestErrorCode Code, string Message)
{
    /// <summary>After how many seconds to try again, where that can be said.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Whether the same request can succeed later without anybody acting.</summary>
    [JsonIgnore]
    public bool IsRetryable => Code is RequestErrorCode.Busy or RequestErrorCode.Timeout;
}

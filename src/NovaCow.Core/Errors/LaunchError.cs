using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>Why a launch, or a step of one, did not succeed. Stable: programs branch on it.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<LaunchErrorCode>))]
public enum LaunchErrorCode
{
    /// <summary>The catalogue has no such image, or its source has no such file.</summary>
    ImageNotFound,

    /// <summary>The bytes are not those that the catalogue pins.</summary>
    ChecksumMismatch,

    /// <summary>Inspection refused the image.</summary>
    UnsafeImage,

    /// <summary>The source could not be read to its end.</summary>
    ImageSource,

    /// <summary>No host can take the launch.</summary>
    NoValidHost,

    /// <summary>The host's store has no room.</summary>
    InsufficientStorage,

    /// <summary>The storage driver failed.</summary>
    VolumeDriver,

    /// <summary>The hypervisor failed.</summary>
    Hypervisor,

    /// <summary>It did not happen in its time.</summary>
    Timeout,

    /// <summary>It was taken back.</summary>
    Cancelled,

    /// <summary>The request itself is wrong.</summary>
    InvalidRequest,

    /// <summary>A named limit is reached.</summary>
    Busy,

    /// <summary>A base volume is not what it was when it was published.</summary>
    DamagedBase,
}

/// <summary>A failure that a person can act on.</summary>
/// <param name="Code">Its kind.</param>
/// <param name="Message">Which thing, what was wrong, and what to do.</param>
/// <param name="IsRetryable">Whether the same request can succeed later, or elsewhere.</param>
public sealed record LaunchError(LaunchErrorCode Code, string Message, bool IsRetryable);

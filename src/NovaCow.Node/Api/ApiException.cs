using NovaCow.Core;

namespace NovaCow.Node.Api;

/// <summary>Ends a request with a problem document.</summary>
internal sealed class ApiException(
    int status, string code, string detail, TimeSpan? retryAfter = null)
    : Exception(detail)
{
    private const string NoLeaderCode = "NoLeader";

    public int Status { get; } = status;

    public string Code { get; } = code;

    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>Whether nobody led in time.</summary>
    public bool IsNoLeader => Code == NoLeaderCode;

    public static ApiException Of(RequestError error) => new(
        error.Code switch
        {
            RequestErrorCode.InvalidRequest => StatusCodes.Status400BadRequest,
            RequestErrorCode.FlavorTooSmall or RequestErrorCode.Unprocessable
                or RequestErrorCode.CannotChange => StatusCodes.Status422UnprocessableEntity,
            RequestErrorCode.Conflict or RequestErrorCode.NoRoom => StatusCodes.Status409Conflict,
            RequestErrorCode.Busy => StatusCodes.Status503ServiceUnavailable,
            RequestErrorCode.Timeout => StatusCodes.Status504GatewayTimeout,
            _ => StatusCodes.Status404NotFound,
        },
        error.Code.ToString(),
        error.Message,
        error.Code is RequestErrorCode.Busy
            ? TimeSpan.FromSeconds(error.RetryAfterSeconds ?? 1) : null);

    public static ApiException Of(LaunchError error) => new(
        error.Code switch
        {
            LaunchErrorCode.InvalidRequest => StatusCodes.Status400BadRequest,
            LaunchErrorCode.ImageNotFound => StatusCodes.Status404NotFound,
            LaunchErrorCode.ChecksumMismatch or LaunchErrorCode.UnsafeImage =>
                StatusCodes.Status422UnprocessableEntity,
            LaunchErrorCode.ImageSource => StatusCodes.Status502BadGateway,
            LaunchErrorCode.InsufficientStorage => StatusCodes.Status507InsufficientStorage,
            LaunchErrorCode.Timeout => StatusCodes.Status504GatewayTimeout,
            _ => StatusCodes.Status500InternalServerError,
        },
        error.Code.ToString(),
        error.Message);

    public static ApiException Invalid(string detail) =>
        new(StatusCodes.Status400BadRequest, nameof(RequestErrorCode.InvalidRequest), detail);

    public static ApiException NoLeader(string detail) => new(
        StatusCodes.Status503ServiceUnavailable, NoLeaderCode, detail, TimeSpan.FromSeconds(1));
}

namespace NovaCow.Core;

/// <summary>
/// The one exception that ports throw for what can be expected to go wrong; the actor that called
/// the port turns it into its <see cref="LaunchError"/>. Anything else that a port throws is a bug.
/// </summary>
public sealed class PortException(LaunchError error, Exception? cause = null)
    : Exception(error.Message, cause)
{
    /// <summary>The failure, ready to be shown.</summary>
    public LaunchError Error { get; } = error;

    /// <summary>A failure of this kind that the same call may not meet again.</summary>
    public static PortException Retryable(
        LaunchErrorCode code, string message, Exception? cause = null) =>
        new(new LaunchError(code, message, IsRetryable: true), cause);

    /// <summary>A failure of this kind that stays until somebody acts.</summary>
    public static PortException Final(
        LaunchErrorCode code, string message, Exception? cause = null) =>
        new(new LaunchError(code, message, IsRetryable: false), cause);
}

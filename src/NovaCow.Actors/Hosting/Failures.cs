using NovaCow.Core;

namespace NovaCow.Actors.Hosting;

/// <summary>Turns what a port threw into the error that it stands for; the one place that does.
/// </summary>
internal static class Failures
{
    /// <param name="cause">What was thrown.</param>
    /// <param name="what">What was being done, with which thing.</param>
    public static LaunchError ToError(Exception cause, string what) => cause switch
    {
        PortException { Error: var error } => error,
        OperationCanceledException => new LaunchError(
            LaunchErrorCode.Cancelled, $"{what}: cancelled", IsRetryable: true),
        ImageInspectionException => new LaunchError(
            LaunchErrorCode.VolumeDriver, $"{what}: {cause.Message}", IsRetryable: true),
        _ => new LaunchError(
            LaunchErrorCode.VolumeDriver,
            $"{what}: unexpected {cause.GetType().Name}: {cause.Message}; the host's log has the "
                + "details",
            IsRetryable: true),
    };

    /// <summary>Whether it is none of those that ports promise to throw.</summary>
    public static bool IsBug(Exception cause) =>
        cause is not (PortException or OperationCanceledException or ImageInspectionException);
}

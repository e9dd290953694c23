using System.Net.Http;
using System.Net.WebSockets;
using System.Security.Authentication;

namespace NovaCow.Runtime.Remote;

/// <summary>Says why there was no link to an address, for a person.</summary>
internal static class DialFailure
{
    private const string Which =
        "is that the address of a control node, and http or https as it listens there?";

    /// <summary>The cause in words.</summary>
    /// <param name="failure">What the framework threw.</param>
    /// <param name="httpStatus">What the peer answered instead of a WebSocket; 0: nothing.</param>
    public static string Explain(Exception failure, int httpStatus)
    {
        var deepest = failure.GetBaseException();
        if (httpStatus is not (0 or 101))
            return $"it answered HTTP {httpStatus} instead of a link: {Which}";
        // A check of the peer's certificate that has its own exception says it all.
        if (deepest is AuthenticationException
            && deepest.GetType() != typeof(AuthenticationException))
            return deepest.Message;

        var error = Find<HttpRequestException>(failure)?.HttpRequestError;
        return error switch
        {
            HttpRequestError.SecureConnectionError =>
                $"no TLS with it ({deepest.Message}): {Which}",
            HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded =>
                $"it does not speak HTTP there ({deepest.Message}): {Which}",
            _ when failure is WebSocketException
            {
                WebSocketErrorCode: WebSocketError.NotAWebSocket or WebSocketError.HeaderError,
            } =>
                $"it answered something else than a link ({deepest.Message}): {Which}",
            _ => $"there was no handshake: {deepest.Message}",
        };
    }

    private static T? Find<T>(Exception? failure)
        where T : Exception
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is T found)
                return found;
        }

        return null;
    }
}

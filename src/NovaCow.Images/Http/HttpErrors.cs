using System.Net;
using System.Security.Authentication;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>How one try to fetch an image ended, short of a failure that no try can mend.</summary>
internal abstract record TryOutcome
{
    private TryOutcome()
    {
    }

    /// <summary>Every byte is at hand.</summary>
    public sealed record Complete : TryOutcome;

    /// <summary>It broke, and may go better the next time.</summary>
    public sealed record Again(string Why, TimeSpan? RetryAfter = null, Exception? Cause = null)
        : TryOutcome;
}

/// <summary>The failures of fetching over HTTP, worded for people.</summary>
internal static class HttpErrors
{
    public static PortException Final(
        FetchRequest request,
        Uri at,
        string why,
        LaunchErrorCode code = LaunchErrorCode.ImageSource,
        Exception? cause = null) =>
        PortException.Final(code, $"{Subject(request, at)}: {why}", cause);

    public static PortException GaveUp(
        FetchRequest request, TryOutcome.Again last, int tries, string kept) =>
        PortException.Retryable(
            LaunchErrorCode.ImageSource,
            $"{Subject(request, request.Source)}: {last.Why}; gave up after {tries} tries that "
                + $"brought nothing new. {kept}; check the server, or try again later",
            last.Cause);

    public static PortException HostNotAllowed(FetchRequest request, Uri uri) =>
        Final(
            request,
            request.Source,
            $"'{uri.IdnHost}:{uri.Port}' is not among the hosts that images may come from; add it "
                + $"to {HttpImageOptions.AllowedHostsKey}",
            LaunchErrorCode.InvalidRequest);

    /// <summary>The failure that an answer means, or null if another try may mend it.</summary>
    public static PortException? OfStatus(FetchRequest request, Uri at, HttpStatusCode status)
    {
        var number = (int)status;
        return number switch
        {
            408 or 416 or 429 or >= 500 => null,
            404 or 410 => Final(
                request, at, $"the server has no such file ({number}); check the URL",
                LaunchErrorCode.ImageNotFound),
            401 or 403 or 451 => Final(
                request, at, $"the server does not let this be read ({number}); check its "
                    + "permissions, or the credentials in the URL",
                LaunchErrorCode.ImageNotFound),
            _ => Final(
                request, at, $"the server answered {number}, which is no file; check the URL"),
        };
    }

    /// <summary>What a broken connection means; throws if no other try can mend it.</summary>
    public static TryOutcome.Again OfConnection(FetchRequest request, Uri at, Exception cause)
    {
        if (cause is HttpRequestException { InnerException: AuthenticationException tls })
        {
            throw Final(
                request, at, $"the server cannot be trusted: {tls.Message} Install its "
                    + "authority's certificate on this host",
                cause: cause);
        }

        var why = cause switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } =>
                $"the host name '{at.IdnHost}' is not known",
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } =>
                $"cannot connect to {at.IdnHost}:{at.Port}: "
                    + (cause.InnerException ?? cause).Message,
            _ => $"the connection broke: {cause.GetBaseException().Message}",
        };
        return new TryOutcome.Again(why, Cause: cause);
    }

    private static string Subject(FetchRequest request, Uri at) =>
        SafeUri.Display(at) is var shown && at == request.Source
            ? $"image {request.DisplayName}: {shown}"
            : $"image {request.DisplayName}: {SafeUri.Display(request.Source)} (now {shown})";
}

using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>Decides which hosts are asked, and where a redirect may lead. Pure.</summary>
internal static class Redirects
{
    public static bool IsRedirect(HttpResponseMessage response) =>
        (int)response.StatusCode is 301 or 302 or 303 or 307 or 308;

    /// <summary>Refuses a URI that may not be asked.</summary>
    public static void RequireAllowed(FetchRequest request, HttpImageOptions options, Uri uri)
    {
        var allowed = options.AllowedHosts;
        if (allowed.Count > 0 && !allowed.Any(pattern => HostPattern.Fits(pattern, uri)))
            throw HttpErrors.HostNotAllowed(request, uri);
    }

    /// <summary>The URI that a redirect from <paramref name="at"/> leads to.</summary>
    public static Uri Next(FetchRequest request, HttpImageOptions options, Uri at, Uri? location)
    {
        if (location is null)
            throw HttpErrors.Final(request, at, "the server redirects without saying where to");
        if (!Uri.TryCreate(at, location, out var next) || !IsHttp(next))
        {
            throw HttpErrors.Final(
                request, at, "the server redirects to what is neither http: nor https:");
        }

        if (at.Scheme == Uri.UriSchemeHttps && next.Scheme == Uri.UriSchemeHttp)
        {
            throw HttpErrors.Final(
                request, at, $"the server redirects to {SafeUri.Display(next)}, which is not "
                    + "encrypted; name a source that stays on https:");
        }

        RequireAllowed(request, options, next);
        return WithoutCredentials(next);
    }

    public static bool IsHttp(Uri uri) =>
        uri.IsAbsoluteUri && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            && uri.Host.Length > 0;

    public static Uri WithoutCredentials(Uri uri) =>
        uri.UserInfo.Length == 0
            ? uri
            : new UriBuilder(uri) { UserName = "", Password = "" }.Uri;
}

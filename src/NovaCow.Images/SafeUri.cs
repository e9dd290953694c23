namespace NovaCow.Images;

/// <summary>Shows URIs without the secrets that they may carry.</summary>
public static class SafeUri
{
    /// <summary>
    /// The URI for an error or a log: no user or password, and a query (which may be a signature)
    /// only hinted at.
    /// </summary>
    public static string Display(Uri uri) =>
        uri.IsAbsoluteUri
            ? uri.GetComponents(
                UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
                + (uri.Query.Length > 1 ? "?…" : "")
            : "a relative reference";
}

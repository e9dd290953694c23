namespace NovaCow.Runtime.Remote;

/// <summary>Where links are dialled.</summary>
public static class LinkAddress
{
    /// <summary>Where a node's listener accepts links.</summary>
    public const string Path = "/v1/link";

    /// <summary>The WebSocket address for a node's address.</summary>
    public static Uri Socket(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var builder = new UriBuilder(address)
        {
            Scheme = address.Scheme is "https" or "wss" ? "wss" : "ws",
        };
        if (address.AbsolutePath == "/")
            builder.Path = Path;
        return builder.Uri;
    }
}

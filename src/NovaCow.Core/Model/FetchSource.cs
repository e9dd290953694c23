namespace NovaCow.Core;

/// <summary>Says who serves an image: those who fetch from the same share its bandwidth.</summary>
public static class FetchSource
{
    /// <summary>The server's name and port; null: nobody serves it.</summary>
    public static string? Of(Uri source) =>
        source.IsFile || source.Host.Length == 0 ? null : source.Authority;
}

using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>
/// Hands each image to the first source that knows its URI. Owns no bytes and retries nothing.
/// </summary>
/// <param name="sources">The sources by the schemes they serve, in order of preference.</param>
public sealed class CompositeImageSource(
    params IReadOnlyList<(string Schemes, IImageSource Source)> sources) : IImageSource
{
    /// <inheritdoc/>
    public bool Handles(Uri source) => Choose(source) is not null;

    /// <inheritdoc/>
    public Task<FetchedImage> FetchAsync(
        FetchRequest request,
        IProgress<FetchProgress>? progress,
        CancellationToken cancellationToken) =>
        Choose(request.Source) is { } chosen
            ? chosen.FetchAsync(request, progress, cancellationToken)
            : Task.FromException<FetchedImage>(Unknown(request));

    private IImageSource? Choose(Uri uri) =>
        sources.Select(known => known.Source).FirstOrDefault(source => source.Handles(uri));

    private PortException Unknown(FetchRequest request)
    {
        var known = string.Join(", ", sources.Select(source => source.Schemes));
        var scheme = request.Source.IsAbsoluteUri
            ? $"nothing here fetches '{request.Source.Scheme}:'"
            : "the source is not an absolute URI or path";
        return PortException.Final(
            LaunchErrorCode.InvalidRequest,
            $"image {request.DisplayName}: {scheme}; known are {known}");
    }
}

namespace NovaCow.Client;

/// <summary>The copies and versions of images.</summary>
public sealed partial class NovaCowClient
{
    /// <summary>Every image's copies, and every host's bases.</summary>
    public Task<CacheResource> GetCacheAsync(CancellationToken ct) =>
        GetAsync<CacheResource>("v1/cache", ct);

    /// <summary>One image's copies.</summary>
    public Task<ImageCacheResource> GetImageCacheAsync(string name, CancellationToken ct) =>
        GetAsync<ImageCacheResource>($"v1/images/{Segment(name)}/cache", ct);

    /// <summary>Has hosts make copies of an image, and keeps their number.</summary>
    public Task<ImageCacheResource> PrecacheAsync(
        string name, PrecacheRequest request, CancellationToken ct) =>
        SendAsync<ImageCacheResource>(
            HttpMethod.Put, $"v1/images/{Segment(name)}/precache", request, null, ct);

    /// <summary>Wants copies of an image no more; they stay until their room is needed.</summary>
    public Task EndPrecacheAsync(string name, CancellationToken ct) =>
        DeleteAsync($"v1/images/{Segment(name)}/precache", null, ct);

    /// <summary>Keeps an image's copies from eviction.</summary>
    public Task<ImageCacheResource> PinAsync(
        string name, PinRequest request, CancellationToken ct) =>
        SendAsync<ImageCacheResource>(
            HttpMethod.Put, $"v1/images/{Segment(name)}/pin", request, null, ct);

    /// <summary>Takes a pin back.</summary>
    /// <param name="name">The image.</param>
    /// <param name="hosts">On these hosts; none: on all.</param>
    /// <param name="ct">Gives up.</param>
    public Task UnpinAsync(string name, IReadOnlyList<string> hosts, CancellationToken ct) =>
        DeleteAsync(
            $"v1/images/{Segment(name)}/pin"
                + (hosts.Count == 0 ? "" : "?" + string.Join(
                    '&', hosts.Select(h => $"host={Segment(h)}"))),
            null,
            ct);

    /// <summary>Gives an image a next version; takes as long as computing what was not given.
    /// </summary>
    public Task<ImageResource> UpdateImageAsync(
        string name, UpdateImageRequest request, CancellationToken ct) =>
        SendAsync<ImageResource>(
            HttpMethod.Post, $"v1/images/{Segment(name)}/update", request, null, ct);

    /// <summary>Gives the update of an image up.</summary>
    public Task<ImageResource> AbortImageUpdateAsync(string name, CancellationToken ct) =>
        SendAsync<ImageResource>(
            HttpMethod.Delete, $"v1/images/{Segment(name)}/update", null, null, ct);

    /// <summary>Goes back to an image's previous version.</summary>
    public Task<ImageResource> RollBackImageAsync(string name, CancellationToken ct) =>
        SendAsync<ImageResource>(
            HttpMethod.Post, $"v1/images/{Segment(name)}/rollback", null, null, ct);
}

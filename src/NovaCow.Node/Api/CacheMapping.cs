using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Images;

namespace NovaCow.Node.Api;

/// <summary>How the copies and versions of images are shown.</summary>
internal static class CacheMapping
{
    public static CacheResource ToResource(this SchedulerProtocol.CacheFound found) => new(
        [.. found.Images.Select(ToResource)],
        [.. found.Hosts.Select(h => new HostCacheResource(
            h.Host.Value,
            Lower(h.Status),
            h.Bases,
            h.Usage?.BaseBytes ?? 0,
            h.Usage?.ProtectedBytes ?? 0,
            h.Usage?.CacheBudgetBytes))]);

    public static ImageCacheResource ToResource(this ImageCacheInfo info) => new()
    {
        Image = info.Name.Value,
        Key = info.Key.Value,
        WantedCopies = info.Wanted.MinCopies,
        WantedHosts = [.. info.Wanted.Hosts.Select(h => h.Value)],
        Pinned = info.Wanted.IsPinned,
        PinnedHosts = [.. info.Wanted.PinnedOn.Select(h => h.Value)],
        Ready = info.Ready,
        Making = info.Making,
        Failed = info.Failed,
        Bytes = info.Bytes,
        Copies =
        [
            .. info.Copies.Select(c => new CopyResource(
                c.Host.Value, Lower(c.State), c.Bytes, c.IsKept, c.Problem)),
        ],
        Shortfall = info.Shortfall,
    };

    public static ImageResource ToResource(this SchedulerProtocol.ImageFound found) =>
        found.Image.ToResource() with
        {
            Versions = found.Versions is { } versions ? Versions(versions) : null,
        };

    private static ImageVersionsResource Versions(ImageVersionInfo info) => new(
        info.History.Number,
        info.History.Previous is { } previous
            ? Version(info.History.PreviousNumber, previous) : null,
        info.History.Update is { } update ? Update(update, info) : null);

    private static ImageUpdateResource Update(ImageUpdate update, ImageVersionInfo info) => new()
    {
        Version = Version(update.Number, update.Image),
        State = update switch
        {
            { EndedAt: null } => "running",
            { Error: null } => "done",
            { Error.Code: LaunchErrorCode.Cancelled } => "aborted",
            _ => "failed",
        },
        MinWarm = update.MinWarm,
        Warm = info.Warm,
        Making = info.Next?.Making ?? 0,
        Reason = update.Error?.Message ?? info.Next?.Shortfall,
        BegunAt = update.BegunAt,
        EndedAt = update.EndedAt,
    };

    private static ImageVersionResource Version(int number, Image image) =>
        new(number, image.Digest.Value, SafeUri.Display(image.Source));

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}

using System.Net.Security;
using NovaCow.Core;
using NovaCow.Images;
using NovaCow.Node.Settings;
using NovaCow.Storage.Inspection;

namespace NovaCow.Node.Wiring;

/// <summary>Makes what fetches and what judges images, within the node's bounds.</summary>
internal static class ImageSources
{
    public static IImageSource Create(ImageSettings settings, TimeProvider time) =>
        new CompositeImageSource(
            ("file", new FileImageSource(
                new FileImageOptions { Roots = settings.FileRoots }, time)),
            ("http, https", new HttpImageSource(
                new HttpImageOptions
                {
                    AllowedHosts = settings.AllowedHosts,
                    StallTimeout = settings.StallTimeout,
                    MaxTries = settings.Tries,
                },
                time)));

    /// <summary>What fetches the images that other hosts made of disks. Only hosts have it: what a
    /// client registers by hand never leads there.</summary>
    /// <param name="settings">The bounds.</param>
    /// <param name="tls">How other hosts are dialled; null: without TLS.</param>
    /// <param name="time">The clock.</param>
    public static PeerImageSource CreatePeers(
        ImageSettings settings, SslClientAuthenticationOptions? tls, TimeProvider time) => new(
            new HttpImageOptions
            {
                StallTimeout = settings.StallTimeout,
                MaxTries = settings.Tries,
            },
            tls,
            time);

    public static IImageInspector CreateInspector(ImageSettings settings) =>
        new ImageInspector(InspectionLimits.Default with
        {
            MaxVirtualSizeBytes = settings.MaxVirtualSizeBytes,
        });
}

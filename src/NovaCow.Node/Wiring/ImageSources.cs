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

    public static IImageInspector CreateInspector(ImageSettings settings) =>
        new ImageInspector(InspectionLimits.Default with
        {
            MaxVirtualSizeBytes = settings.MaxVirtualSizeBytes,
        });
}

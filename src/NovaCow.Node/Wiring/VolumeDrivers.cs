using NovaCow.Actors.Hosting;
using NovaCow.Core;
using NovaCow.Storage;
using HostSettings = NovaCow.Node.Settings.HostSettings;

namespace NovaCow.Node.Wiring;

/// <summary>The volume drivers that a host can be told to use by default, and those that it offers
/// beside that one: every driver of files that its store can do.</summary>
internal static class VolumeDrivers
{
    public static IReadOnlyCollection<string> Names { get; } =
        [DriverName.Qcow2, DriverName.Reflink, DriverName.Copy];

    public static VolumeDriverSet Create(
        HostStore store, IImageInspector inspector, HostSettings settings)
    {
        var sandbox = new SandboxOptions { Uid = settings.SandboxUid, Gid = settings.SandboxGid };
        var changes = new ChangeLimits
        {
            BytesPerSecond = settings.ChangeBytesPerSecond,
            AtOnce = settings.MaxChanges,
        };
        IVolumeDriver[] all =
        [
            new Qcow2VolumeDriver(store, inspector, sandbox) { ChangeLimits = changes },
            new ReflinkVolumeDriver(store, inspector, sandbox) { ChangeLimits = changes },
            new CopyVolumeDriver(store, inspector, sandbox) { ChangeLimits = changes },
        ];
        var byDefault = all.First(d => d.Name == settings.Driver);
        return new VolumeDriverSet(byDefault, [.. all.Where(d => d != byDefault)]);
    }
}

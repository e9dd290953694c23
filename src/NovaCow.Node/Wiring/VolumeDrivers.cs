using NovaCow.Core;
using NovaCow.Node.Settings;
using NovaCow.Storage;

namespace NovaCow.Node.Wiring;

/// <summary>The volume drivers that a host can be told to use, by name.</summary>
internal static class VolumeDrivers
{
    private static readonly Dictionary<
        string, Func<HostStore, IImageInspector, HostSettings, IVolumeDriver>> ByName = new()
    {
        ["qcow2"] = (store, inspector, settings) => new Qcow2VolumeDriver(
            store,
            inspector,
            new SandboxOptions { Uid = settings.SandboxUid, Gid = settings.SandboxGid }),
    };

    public static IReadOnlyCollection<string> Names => ByName.Keys;

    public static IVolumeDriver Create(
        HostStore store, IImageInspector inspector, HostSettings settings) =>
        ByName[settings.Driver](store, inspector, settings);
}

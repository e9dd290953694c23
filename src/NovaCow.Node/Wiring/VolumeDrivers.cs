using NovaCow.Actors.Hosting;
using NovaCow.Core;
using NovaCow.Storage;
using HostSettings = NovaCow.Node.Settings.HostSettings;

namespace NovaCow.Node.Wiring;

/// <summary>The volume drivers that a host can be told to use by default, and those that it offers
/// beside that one: on a store of files every driver of files that its file system can do, on a
/// thin pool only that one.</summary>
internal static class VolumeDrivers
{
    public static IReadOnlyCollection<string> Names => DriverName.All;

    /// <exception cref="PortException">The driver cannot work here; the message says why.
    /// </exception>
    public static VolumeDriverSet Create(
        HostStore store, IImageInspector inspector, HostSettings settings,
        (ITransferClient Transfers, SharedStores? Shared) others)
    {
        var sandbox = new SandboxOptions { Uid = settings.SandboxUid, Gid = settings.SandboxGid };
        return settings.Driver == DriverName.LvmThin
            ? OfPool(store, inspector, settings.Lvm!, sandbox)
            : OfFiles(
                (store, inspector, sandbox),
                others,
                settings);
    }

    /// <summary>What changes of disks, and images made of them, may take.</summary>
    public static ChangeLimits LimitsOf(HostSettings settings) => new()
    {
        BytesPerSecond = settings.ChangeBytesPerSecond,
        AtOnce = settings.MaxChanges,
    };

    private static VolumeDriverSet OfPool(
        HostStore store, IImageInspector inspector, LvmThinOptions pool, SandboxOptions sandbox) =>
        new(LvmThinVolumeDriver.OpenAsync(store, inspector, pool, sandbox)
            .GetAwaiter().GetResult());

    private static VolumeDriverSet OfFiles(
        (HostStore Store, IImageInspector Inspector, SandboxOptions Sandbox) means,
        (ITransferClient Transfers, SharedStores? Shared) from,
        HostSettings settings)
    {
        var (store, inspector, sandbox) = means;
        var changes = LimitsOf(settings);
        IVolumeDriver[] all =
        [
            new Qcow2VolumeDriver(store, inspector, sandbox)
            {
                ChangeLimits = changes,
                TransferClient = from.Transfers,
                SharedStores = from.Shared,
            },
            new ReflinkVolumeDriver(store, inspector, sandbox)
            {
                ChangeLimits = changes,
                TransferClient = from.Transfers,
                SharedStores = from.Shared,
            },
            new CopyVolumeDriver(store, inspector, sandbox)
            {
                ChangeLimits = changes,
                TransferClient = from.Transfers,
                SharedStores = from.Shared,
            },
        ];
        var whyNot = ReflinkVolumeDriver.Probe(store);
        if (whyNot is not null && settings.Driver == DriverName.Reflink)
            throw PortException.Final(LaunchErrorCode.VolumeDriver, whyNot);
        var byDefault = all.First(d => d.Name == settings.Driver);
        var others = all.Where(d => d != byDefault).ToList();
        return new VolumeDriverSet(byDefault, others)
        {
            Names =
            [
                byDefault.Name,
                .. others.Select(d => d.Name)
                    .Where(name => whyNot is null || name != DriverName.Reflink),
            ],
        };
    }
}

using NovaCow.Core;

namespace NovaCow.Storage.Tests;

public sealed class Qcow2DriverTests : VolumeDriverConformance
{
    private protected override IVolumeDriver Create(HostStore store, IImageInspector inspector) =>
        new Qcow2VolumeDriver(store, inspector);
}

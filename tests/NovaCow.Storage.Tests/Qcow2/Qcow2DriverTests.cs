using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

public sealed class Qcow2DriverTests : FileDriverConformance
{
    private protected override IVolumeDriver Create(HostStore store, IImageInspector inspector) =>
        new Qcow2VolumeDriver(store, inspector);
}

public sealed class Qcow2EachStepTests : EachStepTests
{
    private protected override IVolumeDriver Create(HostStore store) =>
        new Qcow2VolumeDriver(store, new ImageInspector());
}

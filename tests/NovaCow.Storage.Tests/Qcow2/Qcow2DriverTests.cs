using NovaCow.Core;

namespace NovaCow.Storage.Tests;

public sealed class Qcow2DriverTests : VolumeDriverConformance
{
    private protected override DriverHost Open(string root, IImageInspector inspector)
    {
        var store = HostStore.Open(root);
        return new DriverHost(store, new Qcow2VolumeDriver(store, inspector));
    }
}

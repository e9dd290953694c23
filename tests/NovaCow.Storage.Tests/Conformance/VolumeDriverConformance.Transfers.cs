using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Disks of other hosts.</summary>
public abstract partial class VolumeDriverConformance
{
    [Fact]
    public async Task A_disk_of_another_host_is_refused_where_none_can_be_fetched()
    {
        var host = Start();
        var volume = await host.BlankAsync(4 * MiB);
        var request = DriverHost.Request(volume, "vm-1") with
        {
            Transfer = new TransferredDisk(
                new TransferSource("http://there/", "token"), IsOverBase: true),
        };
        var refused = await Assert.ThrowsAsync<PortException>(
            () => host.Driver.EnsureDiskAsync(request, null, default));
        Assert.Equal(LaunchErrorCode.InvalidRequest, refused.Error.Code);
        Assert.Empty((await Restart(host).Driver.ListAsync(default)).Disks);
    }
}

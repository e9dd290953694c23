using NovaCow.Core;

namespace NovaCow.Guests.Tests;

/// <summary>The older layout, as a guest sees it.</summary>
public sealed class Ec2GuestTests(CopyHost fixture) : IClassFixture<CopyHost>
{
    private const long MiB = GuestHost.MiB;

    [Fact]
    public async Task The_older_layout_shows_the_root_as_vda1_and_local_storage_as_vda2()
    {
        var host = fixture.Host;
        var volume = await host.BaseAsync(host.FileSystem);
        var flavor = GuestHost.Sized(160 * MiB, ephemeralBytes: 64 * MiB);
        var disk = await host.CloneAsync(
            new CloneRequest(
                InstanceId.Parse("vm-ec2"), DiskName.Root, volume.Key, flavor.RootDiskBytes)
            {
                Layout = DiskLayout.Ec2,
                LocalStorage = flavor.EphemeralDisks[0],
            });
        var instance = await host.SaveAsync("vm-ec2", flavor, [disk]);
        await host.RunAsync(instance, "mark:ec2,poweroff");
        var lines = await host.RunAsync(instance, "poweroff");

        Assert.Contains("/dev/vda1 160 MiB type ext4", lines);
        Assert.Contains("/dev/vda2 64 MiB type ext4 label ephemeral0", lines);
        Assert.DoesNotContain(
            lines, line => line.StartsWith("/dev/vdb", StringComparison.Ordinal));
        Assert.Contains("ephemeral0 /dev/vda2 mounted, 2 boots written", lines);
        Assert.Contains("marks ec2", lines);
    }
}

using NovaCow.Core;
using NovaCow.Testing.Guests;

namespace NovaCow.Guests.Tests;

/// <summary>A guest that makes its disks look like another format's, which names a file of its
/// host's, to read that.</summary>
public abstract class HostileGuestTests
{
    private const long MiB = GuestHost.MiB;
    private const string Secret = "a-secret-of-the-host";
    private readonly GuestHostFixture _fixture;

    private protected HostileGuestTests(GuestHostFixture fixture) => _fixture = fixture;

    [Fact]
    public async Task A_header_of_qcow2_on_a_guests_disks_is_data_to_everybody()
    {
        var folder = _fixture.NewFolder();
        var secret = Directory.CreateTempSubdirectory("s").FullName + "/s";
        await File.WriteAllTextAsync(secret, string.Concat(Enumerable.Repeat(Secret, 4096)));
        try
        {
            InstanceRecord hostile;
            using (var host = _fixture.NewHost(folder))
            {
                hostile = await host.LaunchAsync(
                    "vm-hostile", GuestHost.Sized(0, ephemeralBytes: 64 * MiB));
                var lines = await host.RunAsync(
                    hostile, $"header:/dev/vdb:{secret},header:/dev/vda:{secret},poweroff");
                Assert.Contains($"header /dev/vda {secret}", lines);
            }

            using var watch = new OpenWatch(secret);
            using (var host = _fixture.NewHost(folder))
                await BelievesNothingAsync(host, hostile);
            Assert.False(watch.WasOpened());
            await File.ReadAllTextAsync(secret);
            Assert.True(watch.WasOpened());
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(secret)!, recursive: true);
        }
    }

    private static async Task BelievesNothingAsync(GuestHost host, InstanceRecord hostile)
    {
        await host.Driver.ListAsync(default);
        DiskChange[] changes = [new DiskChange.Grow(256 * MiB), new DiskChange.Flatten()];
        foreach (var change in changes)
        {
            hostile = await host.ChangeAsync(hostile, DiskName.Root, change);
            hostile = await host.ChangeAsync(hostile, DiskName.Ephemeral(0), change);
        }

        await host.Driver.MeasureAsync(default);
        var reader = await host.LaunchAsync("vm-reader", GuestHost.Sized(0));
        var machine = host.Machine(
            reader, "get:/dev/vdb:0:4,get:/dev/vdb:200:40,sum:/dev/vdc,get:/dev/vdc:0:4,poweroff");
        var lines = await PlainGuest.RunAsync(machine with
        {
            Disks = [.. machine.Disks, .. host.Machine(hostile, null).Disks.Select(Later)],
        });
        Assert.Contains("/dev/vdb 256 MiB serial data0", lines);
        Assert.Contains("/dev/vdc 256 MiB serial data1", lines);
        Assert.Contains("get /dev/vdb 0 \"QFI.\"", lines);
        Assert.Contains("get /dev/vdc 0 \"QFI.\"", lines);
        Assert.Contains($"get /dev/vdb 200 \"{new string('.', 40)}\"", lines);
        Assert.DoesNotContain(lines, line => line.Contains(Secret, StringComparison.Ordinal));

        static MachineDisk Later(MachineDisk disk, int index) => disk with
        {
            Name = DiskName.Data(index),
            Device = DiskPlan.Device(1 + index),
        };
    }
}

/// <summary>The guests of overlays.</summary>
public sealed class Qcow2HostileGuestTests(Qcow2Host host)
    : HostileGuestTests(host), IClassFixture<Qcow2Host>;

/// <summary>The guests of disks that share blocks.</summary>
public sealed class ReflinkHostileGuestTests(ReflinkHost host)
    : HostileGuestTests(host), IClassFixture<ReflinkHost>;

/// <summary>The guests of full copies.</summary>
public sealed class CopyHostileGuestTests(CopyHost host)
    : HostileGuestTests(host), IClassFixture<CopyHost>;

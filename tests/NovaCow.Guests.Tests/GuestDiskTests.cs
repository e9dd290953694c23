using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Testing.Guests;

namespace NovaCow.Guests.Tests;

/// <summary>What a driver's disks are to the guest that boots from them.</summary>
public abstract class GuestDiskTests
{
    private const long MiB = GuestHost.MiB;
    private readonly GuestHostFixture _fixture;

    private protected GuestDiskTests(GuestHostFixture fixture) => _fixture = fixture;

    private GuestHost Host => _fixture.Host;

    [Fact]
    public async Task A_guest_boots_from_vda_grown_to_its_flavor_with_local_storage_as_vdb()
    {
        var flavor = GuestHost.Sized(256 * MiB, ephemeralBytes: 64 * MiB, swapBytes: 32 * MiB);
        var instance = await Host.LaunchAsync("vm-sees", flavor);
        await using (var guest = await PlainGuest.StartAsync(Host.Machine(instance, null)))
        {
            await guest.WaitForAsync("novacow: done");
            var lines = guest.Console.Lines;
            Assert.Contains("boot 1", lines);
            Assert.Contains("/dev/vda 256 MiB serial root", lines);
            Assert.Contains("/dev/vda1 255 MiB type ext4", lines);
            Assert.Contains(lines, line => RootMiB(line) > 210);
            Assert.Contains(
                "/dev/vdb 64 MiB serial ephemeral0 type ext4 label ephemeral0", lines);
            Assert.Contains("/dev/vdc 32 MiB serial swap type swap label swap0", lines);
            Assert.Contains("ephemeral0 /dev/vdb mounted, 1 boots written", lines);
            Assert.Contains("swap /dev/vdc 32 MiB", lines);
            await guest.KillAsync();
        }

        var again = await Host.RunAsync(instance, "poweroff");
        Assert.Contains("boot 2", again);
        Assert.Contains("ephemeral0 /dev/vdb mounted, 2 boots written", again);
        // What listens to the power button says so beside it, and may be last.
        Assert.Contains("powering off", again);
    }

    [Fact]
    public async Task Clones_of_one_base_do_not_see_each_other_and_leave_it_as_it_was()
    {
        var volume = await Host.BaseAsync(Host.Disk);
        var digest = Host.DigestOf(volume);
        var flavor = GuestHost.Sized(0, ephemeralBytes: 64 * MiB);
        var (one, two) = (await Host.LaunchAsync("vm-one", flavor),
            await Host.LaunchAsync("vm-two", flavor));
        await BothAsync("mark:one,fill:8,poweroff", "mark:two,poweroff");
        var (first, second) = await BothAsync("poweroff", "poweroff");

        Assert.Contains("marks one", first);
        Assert.Contains("marks two", second);
        Assert.All([first, second], lines =>
        {
            Assert.Contains("boot 2", lines);
            Assert.Contains("ephemeral0 /dev/vdb mounted, 2 boots written", lines);
        });
        Assert.Equal(digest, Host.DigestOf(volume));
        Assert.Null(await Host.Driver.VerifyBaseAsync(volume.Key, null, default));

        async Task<(IReadOnlyList<string>, IReadOnlyList<string>)> BothAsync(string a, string b)
        {
            var (left, right) = (Host.RunAsync(one, a), Host.RunAsync(two, b));
            return (await left, await right);
        }
    }

    [Fact]
    public async Task A_disk_that_grows_is_larger_in_the_guest_and_keeps_what_it_held()
    {
        var instance = await Host.LaunchAsync("vm-grows", GuestHost.Sized(0));
        Assert.Contains(
            "/dev/vda 128 MiB serial root", await Host.RunAsync(instance, "mark:small,poweroff"));
        instance = await Host.ChangeAsync(
            instance, DiskName.Root, new DiskChange.Grow(384 * MiB));
        instance = await Host.ChangeAsync(instance, DiskName.Root, new DiskChange.Flatten());
        var lines = await Host.RunAsync(instance, "fill:160,poweroff");
        Assert.Contains("/dev/vda 384 MiB serial root", lines);
        Assert.Contains(lines, line => RootMiB(line) > 320);
        Assert.Contains("marks small", lines);
        Assert.Contains("filled 160 MiB", lines);
    }

    [Fact]
    public async Task A_kernel_and_a_ramdisk_boot_a_bare_file_system()
    {
        const string Id = "vm-kernel";
        var flavor = GuestHost.Sized(192 * MiB);
        var launched = await Host.LaunchAsync(Id, flavor, Host.FileSystem);
        var instance = await Host.SaveAsync(
            Id,
            flavor,
            [
                .. launched.Disks,
                await Host.BootFileAsync(Id, DiskName.Kernel, Host.Kernel),
                await Host.BootFileAsync(Id, DiskName.Ramdisk, Host.Ramdisk),
            ]);
        var machine = Host.Machine(instance, "poweroff");
        Assert.StartsWith(Host.Store.Root, machine.Kernel!.KernelPath, StringComparison.Ordinal);
        var lines = await PlainGuest.RunAsync(machine);
        Assert.Contains("/dev/vda 192 MiB serial root type ext4", lines);
        Assert.Contains(lines, line => RootMiB(line) > 160);
    }

    [Fact]
    public async Task An_instance_that_is_rebuilt_boots_a_kernel_directly_and_then_its_disk_again()
    {
        var instance = await Host.LaunchAsync("vm-rebuilt", GuestHost.Sized(256 * MiB));
        await BootsFromItsDiskAsync();

        var name = Host.Disk.Name;
        instance = await Host.RebuildAsync(
            instance,
            new InstanceChange.Rebuild(Host.FileSystem with
            {
                Kernel = name,
                Ramdisk = name,
                KernelArguments =
                    $"{GuestImage.KernelArguments} novacow.run=mark:direct,poweroff",
            })
            {
                Kernel = Host.Kernel,
                Ramdisk = Host.Ramdisk,
            });
        var direct = await PlainGuest.RunAsync(MachinePlan.For(instance, Host.Store));
        Assert.Contains("boot 1", direct);
        Assert.Contains("/dev/vda 256 MiB serial root type ext4", direct);
        // Only a kernel's command line says what a guest is to do.
        Assert.Contains("powering off", direct);

        instance = await Host.RebuildAsync(instance, new InstanceChange.Rebuild(Host.Disk));
        await BootsFromItsDiskAsync();
        var root = Assert.Single(instance.Disks);
        var files = Directory.GetFiles(Path.GetDirectoryName(root.Path)!)
            .Select(f => Path.GetFileName(f)).ToHashSet();
        Assert.True(files.SetEquals(["console.log", "instance.json", Path.GetFileName(root.Path)]));

        async Task BootsFromItsDiskAsync()
        {
            await using var guest = await PlainGuest.StartAsync(
                MachinePlan.For(instance, Host.Store));
            await guest.WaitForAsync("novacow: done");
            Assert.Contains("boot 1", guest.Console.Lines);
            Assert.Contains("/dev/vda1 255 MiB type ext4", guest.Console.Lines);
            Assert.DoesNotContain("marks direct", guest.Console.Lines);
            await guest.KillAsync();
        }
    }

    [Fact]
    public async Task An_instance_of_before_that_was_a_flat_copy_boots_as_a_clone()
    {
        var volume = await Host.BaseAsync(Host.Disk);
        var flat = Path.Combine(_fixture.NewFolder(), "disk");
        await SystemTool.RunAsync(
            "qemu-img", "convert", "-O", "raw", Host.Disk.Source.LocalPath, flat);
        await SystemTool.RunAsync("qemu-img", "resize", "-q", "-f", "raw", flat, "200M");
        var old = new MachineDisk(DiskName.Root, "/dev/vda", flat, "raw", null);
        var instance = await Host.LaunchAsync("vm-old", GuestHost.Sized(0));
        await PlainGuest.RunAsync(
            Host.Machine(instance, "mark:flat,poweroff") with { Disks = [old] });
        var digest = GuestHost.DigestOf(flat);

        var id = InstanceId.Parse("vm-adopted");
        var disk = await Host.CloneAsync(
            new CloneRequest(id, DiskName.Root, volume.Key, 200 * MiB)
            {
                Contents = new ForeignDisk(DiskName.Root, flat, "raw", null, 200 * MiB, 0),
            });
        var adopted = await Host.SaveAsync(id.Value, GuestHost.Sized(0), [disk]);
        await using var guest = await PlainGuest.StartAsync(Host.Machine(adopted, null));
        await guest.WaitForAsync("novacow: ready");
        Assert.Contains("boot 2", guest.Console.Lines);
        Assert.Contains("/dev/vda 200 MiB serial root", guest.Console.Lines);
        Assert.Contains("marks flat", guest.Console.Lines);
        Assert.Equal(digest, GuestHost.DigestOf(flat));
    }

    /// <summary>How large the guest says that its root file system is; 0 for other lines.</summary>
    private static int RootMiB(string line) =>
        line.StartsWith("root /dev/", StringComparison.Ordinal) ? int.Parse(line.Split(' ')[^2]) : 0;
}

/// <summary>The guests of overlays.</summary>
public sealed class Qcow2GuestDiskTests(Qcow2Host host)
    : GuestDiskTests(host), IClassFixture<Qcow2Host>;

/// <summary>The guests of disks that share blocks.</summary>
public sealed class ReflinkGuestDiskTests(ReflinkHost host)
    : GuestDiskTests(host), IClassFixture<ReflinkHost>;

/// <summary>The guests of full copies.</summary>
public sealed class CopyGuestDiskTests(CopyHost host)
    : GuestDiskTests(host), IClassFixture<CopyHost>;

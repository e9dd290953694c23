using NovaCow.Core.Scheduling;
using NovaCow.Core.Tests.Scheduling;

namespace NovaCow.Core.Tests.Model;

public sealed class LaunchPlanTests
{
    private static readonly Flavor Full = Given.Small with
    {
        EphemeralDisks =
        [
            new BlankSpec(2 * Given.GiB, BlankFileSystem.Ext4),
            new BlankSpec(3 * Given.GiB, BlankFileSystem.Xfs),
        ],
    };

    [Theory]
    [InlineData(DriverName.Qcow2, DiskLayout.Auto)]
    [InlineData(DriverName.Reflink, DiskLayout.Auto)]
    [InlineData(DriverName.LvmThin, DiskLayout.Auto)]
    [InlineData(DriverName.Copy, DiskLayout.Whole)]
    public void A_driver_that_shares_makes_each_disk_by_itself(string driver, DiskLayout layout)
    {
        var plan = LaunchPlan.For(Spec(layout), driver);
        Assert.Null(plan.Waits);
        Assert.Equal(["root", "ephemeral0", "ephemeral1", "swap"], Names(plan.AtOnce));
        Assert.All(plan.All, d => Assert.Equal(DiskLayout.Whole, d.Layout));
        Assert.All(plan.All, d => Assert.Null(d.LocalStorage));
    }

    [Theory]
    [InlineData(DiskLayout.Auto)]
    [InlineData(DiskLayout.Ec2)]
    public void A_copied_root_disk_gets_the_first_local_storage_along(DiskLayout layout)
    {
        var plan = LaunchPlan.For(Spec(layout), DriverName.Copy);
        Assert.Equal(DiskName.Ephemeral(0), plan.Waits);
        Assert.Equal(["root", "ephemeral1", "swap"], Names(plan.AtOnce));
        Assert.Equal((layout, Full.EphemeralDisks[0]), (plan.All[0].Layout, plan.All[0].LocalStorage));
        Assert.Equal(Full.RootDiskBytes, plan.All[0].VirtualSizeBytes);
    }

    [Theory]
    [InlineData(DiskLayout.Ec2, "root, ephemeral1, swap")]
    [InlineData(DiskLayout.Whole, "root, ephemeral0, ephemeral1, swap")]
    public void What_the_root_disk_became_decides_whether_local_storage_is_a_disk(
        DiskLayout made, string disks)
    {
        var plan = LaunchPlan.For(Spec(DiskLayout.Auto), DriverName.Copy).After(Disk("root", made));
        Assert.Null(plan.Waits);
        Assert.Equal(disks, string.Join(", ", Names(plan.All)));
    }

    [Fact]
    public void Without_local_storage_nothing_waits()
    {
        var plan = LaunchPlan.For(
            new LaunchSpec(Given.Image(), Given.Tiny) { Layout = DiskLayout.Ec2 }, DriverName.Copy);
        Assert.Null(plan.Waits);
        Assert.Equal((DiskLayout.Ec2, null), (plan.All[0].Layout, plan.All[0].LocalStorage));
    }

    [Fact]
    public void Files_to_boot_with_come_last_and_have_no_device()
    {
        var kernel = Given.Image("vmlinuz", 2) with { VirtualSizeBytes = 4_001 };
        var spec = Spec(DiskLayout.Auto) with { Kernel = kernel, Ramdisk = Given.Image("initrd", 3) };
        var plan = LaunchPlan.For(spec, DriverName.Qcow2);
        Assert.Equal(["kernel", "ramdisk"], Names(plan.All).TakeLast(2));
        Assert.Equal(("", 4_001), (plan.All[^2].Device, plan.All[^2].VirtualSizeBytes));
    }

    [Fact]
    public void A_partitioned_disk_is_shown_with_what_is_in_it()
    {
        var launch = Launched(Disk("root", DiskLayout.Ec2), Disk("ephemeral1"), Disk("swap"));
        var disks = InstanceInfo.Of(launch, null).Disks;
        Assert.Equal(["/dev/vda", "/dev/vdb", "/dev/vdc"], disks.Select(d => d.Device));
        Assert.Equal(
            [
                new PartitionInfo("/dev/vda1", DiskName.Root, Full.RootDiskBytes),
                new PartitionInfo("/dev/vda2", DiskName.Ephemeral(0), 2 * Given.GiB),
            ],
            disks[0].Partitions);
        Assert.Null(disks[0].Base);
        Assert.Equal((DriverName.Copy, DiskLayout.Ec2), (disks[0].Driver, disks[0].Layout));
    }

    [Fact]
    public void A_whole_disk_is_shown_without_partitions_and_boot_files_are_no_disks()
    {
        var launch = Launched(Disk("root"), Disk("ephemeral0"), Disk("kernel"));
        var disks = InstanceInfo.Of(launch, null).Disks;
        Assert.Equal(["/dev/vda", "/dev/vdb"], disks.Select(d => d.Device));
        Assert.Empty(disks[0].Partitions);
    }

    [Theory]
    [InlineData(null, BlankFileSystem.Xfs)]
    [InlineData("linux", BlankFileSystem.Ext4)]
    [InlineData("windows", BlankFileSystem.Ntfs)]
    [InlineData("plan9", BlankFileSystem.Xfs)]
    public void The_operating_system_decides_what_the_flavor_leaves_open(
        string? os, BlankFileSystem expected)
    {
        var image = Given.Image() with { OsType = os is null ? null : OsType.Parse(os) };
        var flavor = Full with
        {
            EphemeralDisks =
            [
                new BlankSpec(Given.GiB, BlankFileSystem.Ext4) { IsByOsType = true },
                new BlankSpec(Given.GiB, BlankFileSystem.Vfat),
            ],
        };
        var policy = EphemeralFileSystems.Usual with { Default = BlankFileSystem.Xfs };
        Assert.Equal(
            [new BlankSpec(Given.GiB, expected), new BlankSpec(Given.GiB, BlankFileSystem.Vfat)],
            policy.Resolve(flavor, image).EphemeralDisks);
    }

    [Fact]
    public void A_launch_is_taken_with_its_file_systems_decided()
    {
        var core = Given.Scheduler();
        core.Register(
            Given.Image("win", 5) with { OsType = OsType.Parse("windows") }, Given.Start);
        core.Launch(
            new LaunchOrder(ImageName.Parse("win"), Given.Small.Name),
            [Given.Id("vm")],
            Given.Start);
        var disk = Assert.Single(core.State.Launches[Given.Id("vm")].Spec.Flavor.EphemeralDisks);
        Assert.Equal((BlankFileSystem.Ntfs, false), (disk.FileSystem, disk.IsByOsType));
    }

    private static LaunchSpec Spec(DiskLayout layout) =>
        new(Given.Image(), Full) { Layout = layout };

    private static IEnumerable<string> Names(IEnumerable<PlannedDisk> disks) =>
        disks.Select(d => d.Name.Value);

    private static Launch Launched(params InstanceDisk[] disks) =>
        Launch.Apply(
            Launch.Apply(null, new LaunchAccepted(Given.Id("vm"), Spec(DiskLayout.Auto), Given.Start)),
            new LaunchCommitted(Given.Id("vm"), Given.Host("a"), 1, disks, null, Given.Start))!;

    private static InstanceDisk Disk(string name, DiskLayout layout = DiskLayout.Whole) => new()
    {
        Name = DiskName.Parse(name),
        BackingFile = null,
        VirtualSizeBytes = Given.GiB,
        AllocatedBytes = 0,
        Path = "/x/" + name,
        Format = "raw",
        Driver = DriverName.Copy,
        Layout = layout,
    };
}

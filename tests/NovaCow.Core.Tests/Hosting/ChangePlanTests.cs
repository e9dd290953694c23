using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Core.Tests.Scheduling;

namespace NovaCow.Core.Tests.Hosting;

public sealed class ChangePlanTests
{
    private static readonly string[] Drivers = ["copy", "reflink", "qcow2"];
    private static readonly Image Image = Given.Image();
    private static readonly Flavor Flavor = Given.Small;

    private static InstanceDisk Disk(PlannedDisk planned, string driver, bool owns) => new()
    {
        Name = planned.Name,
        BackingFile = owns ? null : planned.Base.Key(),
        VirtualSizeBytes = planned.VirtualSizeBytes,
        AllocatedBytes = 1,
        Path = $"/{planned.Name}",
        Format = "raw",
        Driver = driver,
    };

    private static InstanceRecord Record(string driver = "qcow2", bool owns = false) => new()
    {
        Id = Given.Id("vm"),
        Fence = new LaunchFence(1, 1),
        Image = Image.Name,
        Flavor = Flavor,
        Disks = [.. DiskPlan.For(Image, Flavor).Select(d => Disk(d, driver, owns))],
        PreparedAt = Given.Start,
    };

    private static string[] Plan(InstanceChange change, InstanceRecord record)
    {
        var (steps, refusal) = ChangePlan.For(change, record, Drivers);
        return refusal is not null
            ? [refusal.Message]
            : [.. steps.Select(s => $"{s.Disk.Name} {s.Change.GetType().Name} {s.Driver}")];
    }

    [Fact]
    public void A_resize_is_of_the_root_disk_alone()
    {
        var change = new InstanceChange.Resize(40 * Given.GiB);
        Assert.Equal(["root Grow qcow2"], Plan(change, Record()));
        Assert.Empty(Plan(new InstanceChange.Resize(Flavor.RootDiskBytes), Record()));
    }

    [Fact]
    public void A_rebuild_is_of_the_root_disk_alone_and_by_the_driver_that_has_it()
    {
        var change = new InstanceChange.Rebuild(Image);
        Assert.Equal(["root Rebuild copy"], Plan(change, Record("copy", owns: true)));
        Assert.Contains(
            "resize the disk first",
            Plan(new InstanceChange.Rebuild(Image with { VirtualSizeBytes = 1L << 50 }), Record())
                .Single(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lvm-thin", true, true, "keeps no files")]
    [InlineData("lvm-thin", false, false, null)]
    [InlineData("qcow2", true, true, null)]
    [InlineData("qcow2", true, false, "ask for the rebuild again")]
    [InlineData("qcow2", false, true, "ask for the rebuild again")]
    public void A_rebuild_brings_the_kernel_that_its_image_names_to_a_driver_that_keeps_files(
        string driver, bool names, bool brings, string? refusal)
    {
        var kernel = Given.Image("vmlinuz", 7) with { Format = DiskFormat.Aki };
        var change = new InstanceChange.Rebuild(
            Image with { Kernel = names ? kernel.Name : null })
        {
            Kernel = brings ? kernel : null,
        };
        var plan = Plan(change, Record(driver)).Single();
        if (refusal is null)
            Assert.Equal($"root Rebuild {driver}", plan);
        else
            Assert.Contains(refusal, plan, StringComparison.Ordinal);
    }

    [Fact]
    public void Flattening_is_of_every_disk_that_has_a_base()
    {
        var record = Record();
        Assert.Equal(
            ["root Flatten qcow2", "ephemeral0 Flatten qcow2", "swap Flatten qcow2"],
            Plan(new InstanceChange.Flatten(), record));
        record = record with
        {
            Disks = [record.Disks[0] with { BackingFile = null }, record.Disks[1]],
        };
        Assert.Equal(["ephemeral0 Flatten qcow2"], Plan(new InstanceChange.Flatten(), record));
        Assert.Empty(Plan(new InstanceChange.Flatten(), Record("copy", owns: true)));
    }

    [Fact]
    public void A_migration_is_of_every_disk_that_owns_its_bytes_to_a_driver_that_shares()
    {
        var copies = Record("copy", owns: true);
        var (steps, _) = ChangePlan.For(new InstanceChange.Migrate(null, Image), copies, Drivers);
        Assert.Equal(
            DiskPlan.For(Image, Flavor).Select(d => (d.Name, d.Base, "reflink")),
            steps.Select(s => (s.Disk.Name, s.Base!, s.Driver)));
        Assert.All(steps, s => Assert.Equal(new DiskChange.Rebase(s.Base!.Key()), s.Change));
        Assert.Equal(
            ["root Rebase qcow2", "ephemeral0 Rebase qcow2", "swap Rebase qcow2"],
            Plan(new InstanceChange.Migrate("qcow2", Image), copies));
        Assert.Empty(Plan(new InstanceChange.Migrate(null, Image), Record()));
    }

    [Fact]
    public void A_rebase_is_of_the_root_disk_and_of_no_disk_that_has_that_base()
    {
        var other = Given.Image("other", 2);
        Assert.Equal(["root Rebase qcow2"], Plan(new InstanceChange.Rebase(other), Record()));
        Assert.Empty(Plan(new InstanceChange.Rebase(Image), Record()));
        Assert.Equal(
            ["root Rebase reflink"],
            Plan(new InstanceChange.Rebase(other), Record("copy", owns: true)));
    }

    [Fact]
    public void What_cannot_become_a_clone_is_refused_with_the_reason()
    {
        var copies = Record("copy", owns: true);
        var ec2 = copies with { Disks = [copies.Disks[0] with { Layout = DiskLayout.Ec2 }] };
        Assert.Contains("EC2", Plan(new InstanceChange.Migrate(null, Image), ec2)[0]);
        var large = Given.Image("large", 9) with { VirtualSizeBytes = 99 * Given.GiB };
        Assert.Contains("resize", Plan(new InstanceChange.Rebase(large), Record())[0]);
        var (_, refusal) = ChangePlan.For(
            new InstanceChange.Migrate(null, Image), copies, ["copy"]);
        Assert.Contains("shares", refusal!.Message);
    }
}

using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Core.Tests.Scheduling;

namespace NovaCow.Core.Tests.Hosting;

public sealed class RebuildPlanTests
{
    private static readonly Image Vmlinuz = Boot("vmlinuz", 7, DiskFormat.Aki);
    private static readonly Image OtherVmlinuz = Boot("vmlinuz-2", 8, DiskFormat.Aki);
    private static readonly Image Initrd = Boot("initrd", 9, DiskFormat.Ari);

    private static Image Boot(string name, byte seed, DiskFormat format) =>
        Given.Image(name, seed) with { Format = format };

    private static InstanceDisk File(DiskName name, Image of, string path) => new()
    {
        Name = name,
        BackingFile = of.BaseKey(),
        VirtualSizeBytes = of.VirtualSizeBytes,
        AllocatedBytes = 0,
        Path = path,
        Format = "raw",
    };

    private static InstanceChange.Rebuild To(Image? kernel, Image? ramdisk) => new(
        Given.Image("next", 2) with
        {
            Kernel = kernel?.Name,
            Ramdisk = ramdisk?.Name,
            KernelArguments = kernel is null ? null : "ro",
        })
    {
        Kernel = kernel,
        Ramdisk = ramdisk,
    };

    private static InstanceRecord Record(params InstanceDisk[] files) => new()
    {
        Id = Given.Id("vm"),
        Fence = new LaunchFence(1, 1),
        Image = Given.Image().Name,
        Flavor = Given.Small,
        KernelArguments = "of before",
        Disks =
        [
            File(DiskName.Root, Given.Image(), "/root"),
            .. files,
            File(DiskName.Data(0), Given.Image(), "/data0") with { Device = "/dev/vdd" },
        ],
        PreparedAt = Given.Start,
    };

    /// <summary>What is made, in order, and what the record then says.</summary>
    private static (string Made, string Record) Rebuild(
        InstanceChange.Rebuild change, InstanceRecord record)
    {
        List<InstanceDisk> made = [];
        while (RebuildPlan.NextBootFile(change, record, made) is { } file)
        {
            var image = ((BaseContent.OfImage)file.Base).Image;
            made.Add(File(file.Name, image, $"/{file.Name}.1"));
        }

        var done = RebuildPlan.Done(
            change, record, File(DiskName.Root, change.Image, "/root.1"), made);
        Assert.Equal(change.Image.Name, done.Image);
        return (
            string.Join(' ', made.Select(d => d.Name)),
            string.Join(' ', done.Disks.Select(d => d.Path).Append(done.KernelArguments)));
    }

    [Fact]
    public void An_instance_gets_what_it_boots_with_and_loses_it()
    {
        Assert.Equal(
            ("kernel ramdisk", "/root.1 /data0 /kernel.1 /ramdisk.1 ro"),
            Rebuild(To(Vmlinuz, Initrd), Record()));
        Assert.Equal(
            ("", "/root.1 /data0 "),
            Rebuild(
                To(null, null),
                Record(
                    File(DiskName.Kernel, Vmlinuz, "/kernel"),
                    File(DiskName.Ramdisk, Initrd, "/ramdisk"))));
    }

    [Fact]
    public void What_is_of_another_image_is_made_anew_and_what_is_of_the_same_stays()
    {
        var record = Record(
            File(DiskName.Kernel, Vmlinuz, "/kernel"), File(DiskName.Ramdisk, Initrd, "/ramdisk"));
        Assert.Equal(
            ("kernel", "/root.1 /data0 /kernel.1 /ramdisk ro"),
            Rebuild(To(OtherVmlinuz, Initrd), record));
        Assert.Equal(
            ("", "/root.1 /data0 /kernel /ramdisk ro"), Rebuild(To(Vmlinuz, Initrd), record));
        Assert.Equal(("", "/root.1 /data0 /kernel ro"), Rebuild(To(Vmlinuz, null), record));
    }
}

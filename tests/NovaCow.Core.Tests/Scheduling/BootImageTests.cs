using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class BootImageTests
{
    private static readonly Image Kernel =
        Given.Image("vmlinuz", 2) with { Format = DiskFormat.Aki, VirtualSizeBytes = 4_001 };

    private static readonly Image Ramdisk =
        Given.Image("initrd", 3) with { Format = DiskFormat.Ari, VirtualSizeBytes = 5_001 };

    private static readonly Image Server = Given.Image("server", 4) with
    {
        Kernel = Kernel.Name,
        Ramdisk = Ramdisk.Name,
        KernelArguments = "root=/dev/vda ro",
    };

    private readonly SchedulerCore _core = Given.Scheduler(null, "a");

    [Fact]
    public void A_launch_carries_its_kernel_and_ramdisk_as_they_were()
    {
        RegisterAll();
        var launched = Launch(Server);
        var spec = launched.Effects.OfType<SchedulerEffect.Prepare>().Single().Spec;
        Assert.Equal((Kernel, Ramdisk), (spec.Kernel, spec.Ramdisk));

        var boot = launched.Instances[0].Boot!;
        Assert.Equal((Kernel.Name, Ramdisk.Name), (boot.Kernel.Image, boot.Ramdisk!.Image));
        Assert.Equal("root=/dev/vda ro", boot.Arguments);
        Assert.Null(boot.Kernel.Path);
        Assert.Equal(["/dev/vda"], launched.Instances[0].Disks.Select(d => d.Device));
    }

    [Fact]
    public void What_an_image_boots_with_must_be_there_and_of_its_format()
    {
        Refused(Server, RequestErrorCode.ImageNotFound, "vmlinuz");
        RegisterAll();
        Refused(
            Server with { Name = ImageName.Parse("b"), Kernel = Ramdisk.Name },
            RequestErrorCode.Unprocessable, "aki");
        Refused(
            Server with { Name = ImageName.Parse("b"), Ramdisk = Given.Image().Name },
            RequestErrorCode.Unprocessable, "ari");
    }

    [Fact]
    public void Parts_that_boot_nothing_are_refused()
    {
        RegisterAll();
        var bare = Given.Image("b", 9);
        Refused(
            bare with { Ramdisk = Ramdisk.Name }, RequestErrorCode.Unprocessable, "need a kernel");
        Refused(
            bare with { KernelArguments = "ro" }, RequestErrorCode.Unprocessable, "need a kernel");
        Refused(
            Kernel with { Name = ImageName.Parse("b"), Ramdisk = Ramdisk.Name },
            RequestErrorCode.Unprocessable, "boots with no other");
    }

    [Theory]
    [InlineData("")]
    [InlineData("ro\nquiet")]
    [InlineData("ro\0")]
    [InlineData("r\u00f6")]
    [InlineData(null)]
    public void A_hostile_command_line_is_refused(string? arguments)
    {
        RegisterAll();
        Refused(
            Server with
            {
                Name = ImageName.Parse("b"),
                KernelArguments = arguments ?? new string('x', KernelCommandLine.MaxLength + 1),
            },
            RequestErrorCode.InvalidRequest, "kernel arguments");
    }

    [Fact]
    public void The_longest_command_line_is_taken()
    {
        RegisterAll();
        var image = Server with
        {
            Name = ImageName.Parse("b"),
            KernelArguments = new string('~', KernelCommandLine.MaxLength),
        };
        Assert.Null(_core.Register(image, Given.Start).Refusal);
    }

    [Fact]
    public void What_another_image_boots_with_is_not_deleted_before_it()
    {
        RegisterAll();
        foreach (var used in new[] { Kernel, Ramdisk })
        {
            var refused = _core.Unregister(used.Name, Given.Start).Refusal!;
            Assert.Equal(RequestErrorCode.Conflict, refused.Code);
            Assert.Contains("image server", refused.Message);
        }

        Assert.Null(_core.Unregister(Server.Name, Given.Start).Refusal);
        Assert.Null(_core.Unregister(Kernel.Name, Given.Start).Refusal);
    }

    [Fact]
    public void A_kernel_itself_is_not_launched()
    {
        RegisterAll();
        foreach (var image in new[] { Kernel, Ramdisk })
        {
            var refused = Launch(image).Refusal!;
            Assert.Equal(RequestErrorCode.Unprocessable, refused.Code);
            Assert.Contains(image.Name.Value, refused.Message);
        }
    }

    [Fact]
    public void A_kernel_needs_no_more_room_than_its_download()
    {
        Assert.Equal(
            Kernel.SizeBytes,
            Core.Hosting.BaseSpace.NeededBytes(new BaseContent.OfImage(Kernel)));
    }

    private void RegisterAll()
    {
        foreach (var image in new[] { Kernel, Ramdisk, Server })
            Assert.Null(_core.Register(image, Given.Start).Refusal);
    }

    private Decision Launch(Image image) => _core.Launch(
        new LaunchOrder(image.Name, Given.Tiny.Name), [Given.Id("vm-1")], Given.Start);

    private void Refused(Image image, RequestErrorCode code, string says)
    {
        var decision = _core.Register(image, Given.Start);
        Assert.Equal(code, decision.Refusal?.Code);
        Assert.Contains(says, decision.Refusal!.Message);
        Assert.Empty(decision.Events);
    }
}

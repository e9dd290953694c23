using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Node.Api;

namespace NovaCow.Node.Tests.Api;

public sealed class MappingTests
{
    [Fact]
    public void A_copy_that_comes_further_is_an_event_with_its_bytes()
    {
        var shown = new ClusterEvent.InstanceProgressed(
            InstanceId.Parse("vm"), HostId.Parse("a"),
            new LaunchProgress("copying disk root", 5, 10))
        {
            Sequence = null,
            At = DateTimeOffset.UnixEpoch,
        }.ToResource();
        Assert.Equal(("instance.progress", "vm", "a"), (shown.Kind, shown.Subject, shown.Host));
        Assert.Equal(("vm: copying disk root", 5, 10), (shown.Message, shown.DoneBytes, shown.TotalBytes));
    }

    [Fact]
    public void A_launch_that_waits_for_a_copy_says_so_before_why_it_is_where_it_is()
    {
        var shown = new InstanceInfo
        {
            Id = InstanceId.Parse("vm"),
            Image = ImageName.Parse("debian"),
            Flavor = FlavorName.Parse("m1.tiny"),
            Phase = LaunchPhase.Placed,
            Attempt = 1,
            Disks = [],
            Timings = new LaunchTimings { AcceptedAt = DateTimeOffset.UnixEpoch },
            PlacedBecause = "cache warm",
            Progress = new LaunchProgress("copying disk root", 5, 10),
            Boot = new BootInfo(
                new BootFileInfo(
                    ImageName.Parse("vmlinuz"), BaseKey.Of(Digest.Sha256(new byte[32])), null),
                null,
                "ro"),
        }.ToResource();
        Assert.Equal("copying disk root", shown.Reason);
        Assert.Equal((5, 10), (shown.Progress!.DoneBytes, shown.Progress.TotalBytes));
        Assert.Equal(("vmlinuz", "ro"), (shown.Boot!.Kernel.Image, shown.Boot.Arguments));
        Assert.Null(shown.Boot.Ramdisk);
    }
}

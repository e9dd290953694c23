using System.Text.Json;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Serialization;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Tests.Scheduling;

public sealed class LaunchOptionActorTests : SchedulerTestKit
{
    private static readonly LaunchOptions Ec2 = new() { Layout = DiskLayout.Ec2 };

    [Fact]
    public void Options_reach_the_host_and_survive_a_restart()
    {
        StartWithImage();
        var host = CreateTestProbe("a");
        host.Send(Scheduler, new HostHello(Facts("a", "a-1") with { Drivers = ["fake", "copy"] }));
        host.ExpectMsg<HostProtocol.Welcome>();
        Scheduler.Tell(LaunchOf(Ec2));
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        var spec = host.ExpectMsg<HostProtocol.Prepare>().Spec;
        Assert.Equal((DriverName.Copy, DiskLayout.Ec2), (spec.Driver, spec.Layout));

        StopScheduler();
        StartScheduler(epoch: 2);
        Scheduler.Tell(LaunchOf(Ec2));
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        Scheduler.Tell(LaunchOf(LaunchOptions.None));
        Assert.Equal(RequestErrorCode.Conflict, ExpectMsg<Refused>().Error.Code);
    }

    [Fact]
    public void A_placement_is_explained_by_the_options()
    {
        StartWithImage();
        Join("a");
        Scheduler.Tell(
            new ExplainPlacement(Given.Image.Name, Given.Tiny.Name) { Options = Ec2 });
        var explained = ExpectMsg<PlacementExplained>();
        Assert.Null(explained.Host);
        Assert.Contains("no volume driver copy", explained.Hosts[0].FilteredBecause);
    }

    [Fact]
    public void Who_follows_the_events_sees_a_copy_come_further()
    {
        StartWithImage();
        var host = Join("a");
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        var prepare = host.ExpectMsg<HostProtocol.Prepare>();
        Scheduler.Tell(new SubscribeEvents(null));
        ExpectMsg<EventsSubscribed>();
        var progress = new LaunchProgress("copying disk root", 5, 10);
        host.Send(
            Scheduler, new InstanceProgress(Given.Host(), prepare.Id, prepare.Fence, progress));

        var seen = Assert.IsType<ClusterEvent.InstanceProgressed>(
            Assert.Single(ExpectMsg<Events>().Items));
        Assert.Equal((prepare.Id, progress, null), (seen.Id, seen.Progress, seen.Sequence));
        Assert.Equal(progress, Get("vm-1").Progress);
    }

    [Fact]
    public void What_was_written_before_there_were_options_is_still_read()
    {
        var serializer = WireMessages.Register(new MessageSerializer());
        var launch = (SchedulerProtocol.Launch)serializer.Deserialize(
            "vm.launch",
            JsonSerializer.SerializeToUtf8Bytes(
                new { image = "debian", flavor = "m1.tiny", instances = new[] { "vm-1" } }));
        Assert.Equal(LaunchOptions.None, launch.Options);

        var accepted = (Core.Scheduling.LaunchAccepted)serializer.Deserialize(
            "j.accepted",
            JsonSerializer.SerializeToUtf8Bytes(new
            {
                id = "vm-1",
                at = DateTimeOffset.UnixEpoch,
                spec = new
                {
                    image = new
                    {
                        name = "debian",
                        source = "file:///x",
                        digest = Given.Image.Digest.Value,
                        format = "raw",
                        sizeBytes = 1,
                        virtualSizeBytes = 1,
                        minDiskBytes = 1,
                    },
                    flavor = new
                    {
                        name = "m1.tiny",
                        vCpus = 1,
                        memoryBytes = 1,
                        rootDiskBytes = 1,
                        ephemeralDisks = new[] { new { sizeBytes = 512, fileSystem = "ext4" } },
                    },
                },
            }));
        Assert.Equal(LaunchOptions.None, accepted.Spec.Order().Options);
        Assert.Equal(
            [new BlankSpec(512, BlankFileSystem.Ext4)], accepted.Spec.Flavor.EphemeralDisks);
    }

    private static SchedulerProtocol.Launch LaunchOf(LaunchOptions options) =>
        new(Given.Image.Name, Given.Tiny.Name, [Given.Id()]) { Options = options };
}

using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Tests.Hosting;

public sealed class ClusterIdentityTests : HostTestKit
{
    [Fact]
    public void A_cluster_that_began_anew_cannot_have_the_instances_of_the_old_one_discarded()
    {
        StartHost();
        Welcome("old");
        Active();
        var disks = Disk.Disks.Count;
        StopHost();

        StartHost();
        Welcome("new", new InstanceVerdict(Given.Id(), Given.Fence(), Verdict.Discard));
        Discard();
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Prepare(attempt: 2);
        Assert.Contains("another instance of that id", ExpectFailed().Message);
        Assert.Equal(disks, Disk.Disks.Count);
        Assert.Equal("old", Assert.Single(Disk.Records).Value.Cluster);
    }

    [Fact]
    public void The_cluster_that_launched_an_instance_removes_it()
    {
        StartHost();
        Welcome("mine");
        Active();
        StopHost();

        StartHost();
        Welcome("mine", new InstanceVerdict(Given.Id(), Given.Fence(), Verdict.Discard));
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.True(Disk.HasNoInstances);
    }

    private void Welcome(string cluster, params InstanceVerdict[] verdicts) =>
        Send(new HostProtocol.Welcome(1, verdicts) { Cluster = cluster });
}

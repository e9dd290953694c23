using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Actors.Tests.Scheduling;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Tests;

/// <summary>A scheduler and three hosts, all of them real, over disks in memory.</summary>
public sealed class WholeClusterTests : SchedulerTestKit
{
    private readonly Dictionary<string, FakeDisk> _disks = new()
    {
        ["a"] = new FakeDisk(),
        ["b"] = new FakeDisk(),
        ["c"] = new FakeDisk(),
    };

    private readonly Dictionary<string, IActorRef> _hosts = [];

    private void StartCluster(PlacementPreference preference = PlacementPreference.ReadyTime)
    {
        Settings = Settings with
        {
            Limits = new SchedulerLimits
            {
                Placement = new PlacementRules { Preference = preference },
            },
        };
        StartWithImage();
        foreach (var name in _disks.Keys)
            StartHost(name);
        AwaitAssert(() => Assert.Equal(3, Hosts().Count(h => h.Status == HostStatus.Up)));
    }

    private void StartHost(string name)
    {
        _hosts[name] = Sys.ActorOf(HostActor.Props(Given.Settings(_disks[name], name)));
        _hosts[name].Tell(new HostActor.Connected(Scheduler));
    }

    private IReadOnlyList<HostInfo> Hosts()
    {
        Scheduler.Tell(new ListHosts());
        return ExpectMsg<HostList>().Hosts;
    }

    private IReadOnlyList<InstanceInfo> Instances(LaunchPhase? phase = null)
    {
        Scheduler.Tell(new ListInstances(null, 1_000, null, phase));
        return ExpectMsg<InstancePage>().Instances;
    }

    private static string[] Ids(int count) =>
        [.. Enumerable.Range(0, count).Select(i => $"vm-{i}")];

    [Fact]
    public void Sixty_launches_use_three_hosts_with_a_download_each_and_leave_nothing()
    {
        StartCluster(PlacementPreference.Spread);
        Scheduler.Tell(new SchedulerProtocol.Launch(
            Given.Image.Name, Given.Small.Name, [.. Ids(60).Select(Given.Id)]));
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        AwaitAssert(() => Assert.Equal(60, Instances(LaunchPhase.Active).Count));

        Assert.All(_disks.Values, d => Assert.Equal(
            (1, 3, 60, 20),
            (d.Calls("fetch"), d.Calls("build"), d.Disks.Count, d.Records.Count)));
        foreach (var id in Ids(60))
            Scheduler.Tell(new DeleteInstance(Given.Id(id)));
        ReceiveN(60);
        AwaitAssert(() => Assert.Empty(Instances()));
        Assert.All(_disks.Values, d => Assert.True(d.HasNoInstances));
        Assert.All(Hosts(), h => Assert.Equal(default, h.Claims));
    }

    [Fact]
    public void A_host_that_fails_at_everything_is_routed_around()
    {
        _disks["a"].Fail("clone", LaunchErrorCode.VolumeDriver);
        StartCluster();
        Launch(Ids(10));
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        AwaitAssert(() => Assert.Equal(10, Instances(LaunchPhase.Active).Count));
        Assert.True(_disks["a"].HasNoInstances);
    }

    [Fact]
    public void An_unsafe_image_fails_its_launches_everywhere_and_says_why()
    {
        foreach (var disk in _disks.Values)
            disk.Verdict = new InspectionVerdict.Refused("vmdk: extent path", "vmdk", "it escapes");
        StartCluster();
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        Scheduler.Tell(new AwaitInstance(
            Given.Id(), Awaited.Launched, TimeSpan.FromMinutes(1)));
        var failed = ExpectMsg<InstanceFound>().Instance;
        Assert.Equal(
            (LaunchPhase.Failed, LaunchErrorCode.UnsafeImage), (failed.Phase, failed.Error!.Code));
        Assert.Contains("vmdk: extent path", failed.Error.Message);
    }

    [Fact]
    public void Scheduler_and_hosts_may_all_be_killed_in_the_middle_and_no_launch_is_lost()
    {
        StartCluster(PlacementPreference.Spread);
        var gates = _disks.Values.Select(d => d.Hold("save")).ToList();
        Launch(Ids(30));
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        AwaitCondition(() => _disks.Values.All(d => d.Calls("save") > 0));
        var doomed = _hosts.Values.ToList();
        StopScheduler();
        foreach (var host in doomed)
        {
            Watch(host);
            Sys.Stop(host);
            ExpectTerminated(host);
        }

        gates.ForEach(g => g.SetCanceled());
        foreach (var disk in _disks.Values)
            disk.Heal();
        StartScheduler(epoch: 2);
        foreach (var name in _disks.Keys)
            StartHost(name);

        AwaitAssert(() => Assert.Equal(30, Instances(LaunchPhase.Active).Count));
        Assert.Equal(30, _disks.Values.Sum(d => d.Records.Count));
        Assert.Equal(30, _disks.Values.Sum(d => d.Disks.Count));
    }

    [Fact]
    public void A_host_that_was_cut_off_discards_what_was_moved_when_it_comes_back()
    {
        StartCluster();
        var gate = _disks["a"].Hold("clone");
        Launch(Ids(3));
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        AwaitCondition(() => _disks["a"].Calls("clone") == 3);
        // The link is down: what it makes from here on, the scheduler does not hear.
        var cut = _hosts["a"];
        cut.Tell(new HostActor.Disconnected());
        gate.SetResult();
        AwaitCondition(() => _disks["a"].Records.Count == 3);
        Watch(cut);
        Sys.Stop(cut);
        ExpectTerminated(cut);
        TestScheduler.Advance(TimeSpan.FromSeconds(16));
        AwaitAssert(() => Assert.Equal(3, Instances(LaunchPhase.Active).Count));
        Assert.Equal(3, _disks["a"].Disks.Count);

        StartHost("a");

        AwaitAssert(() => Assert.Equal(3, Hosts().Count(h => h.Status == HostStatus.Up)));
        AwaitCondition(() => _disks["a"].HasNoInstances);
        Assert.Equal(3, _disks.Values.Sum(d => d.Disks.Count));
    }
}

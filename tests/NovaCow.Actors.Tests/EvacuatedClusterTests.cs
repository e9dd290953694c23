using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Actors.Tests.Scheduling;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Tests;

/// <summary>A scheduler and two hosts, all real, whose stores in memory each can read when the
/// other is dead.</summary>
public sealed class EvacuatedClusterTests : SchedulerTestKit
{
    private readonly Dictionary<string, FakeDisk> _disks = [];
    private readonly Dictionary<string, IActorRef> _hosts = [];

    private FakeDisk Old => _disks["a"];

    private FakeDisk New => _disks["b"];

    private void StartHost(string name)
    {
        if (!_disks.TryGetValue(name, out var disk))
            _disks[name] = disk = new FakeDisk { Shared = folder => _disks[folder] };
        disk.IsHeld = true;
        _hosts[name] = Sys.ActorOf(HostActor.Props(Given.Settings(disk, name) with
        {
            SharedStore = new SharedStore("shared", name),
            DeadStores = disk,
            Fences = disk,
        }));
        _hosts[name].Tell(new HostActor.Connected(Scheduler));
    }

    private void StartWithInstance()
    {
        StartWithImage();
        StartHost("a");
        Scheduler.Tell(new SchedulerProtocol.Launch(
            Given.Image.Name, Given.Small.Name, [Given.Id()]));
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        AwaitAssert(() => Assert.Equal(LaunchPhase.Active, Get("vm-1").Phase));
        StartHost("b");
        AwaitAssert(() => Assert.Equal(HostStatus.Up, StatusOf("b")));
    }

    private HostStatus? StatusOf(string host)
    {
        Scheduler.Tell(new GetHost(Given.Host(host)));
        return (ExpectMsg<ISchedulerMessage>() as HostFound)?.Host.Status;
    }

    private void Kill(string host, bool isSeen = true)
    {
        Watch(_hosts[host]);
        Sys.Stop(_hosts[host]);
        ExpectTerminated(_hosts[host]);
        AwaitAssert(() =>
        {
            TestScheduler.Advance(TimeSpan.FromSeconds(6));
            Assert.Equal(HostStatus.Unreachable, StatusOf(host));
        });
        _disks[host].IsHeld = !isSeen;
    }

    private HostMoves Evacuate()
    {
        Scheduler.Tell(new EvacuateHost(
            Given.Host(), new EvacuationRequest(null, IsFenced: true, Again: true)));
        return ExpectMsg<HostEmptied>().Moves;
    }

    private void AwaitMove(MovePhase phase, string host) => AwaitAssert(() =>
    {
        TestScheduler.Advance(TimeSpan.FromSeconds(6));
        var instance = Get("vm-1");
        Assert.Equal(
            (phase, LaunchPhase.Active, Given.Host(host)),
            (instance.Move!.Phase, instance.Phase, instance.Host));
    });

    [Fact]
    public void A_dead_hosts_instance_is_active_elsewhere_and_the_host_that_returns_drops_it()
    {
        StartWithInstance();
        Kill("a");
        Old.Records[Given.Id()] = Old.Records[Given.Id()] with { IsOn = true };
        Assert.Equal(1, Evacuate().Moving);
        AwaitMove(MovePhase.Done, "b");
        Assert.True(Assert.Single(New.Records.Values).IsOn);
        Assert.Equal(3, New.Calls("take-over"));
        Assert.Equal("b", Assert.Single(Old.Fences.Values).By.Value);

        StartHost("a");
        AwaitAssert(() => Assert.True(Old.HasNoInstances));
        AwaitAssert(() => Assert.Empty(Old.Fences));
        Assert.Single(New.Records);
    }

    [Fact]
    public void A_host_that_is_back_in_the_middle_keeps_its_instance_and_lifts_the_fence()
    {
        StartWithInstance();
        Kill("a");
        var gate = New.Hold("take-over");
        Evacuate();
        AwaitAssert(() => Assert.Equal(3, New.Calls("take-over")));
        Assert.Single(Old.Fences);
        StartHost("a");
        AwaitMove(MovePhase.Cancelled, "a");
        gate.TrySetResult();
        AwaitAssert(() => Assert.True(New.HasNoInstances));
        AwaitAssert(() => Assert.Empty(Old.Fences));
        Assert.Single(Old.Records);
    }

    [Fact]
    public void A_host_that_lives_though_nobody_hears_of_it_keeps_its_instance()
    {
        StartWithInstance();
        Kill("a", isSeen: false);
        Evacuate();
        AwaitMove(MovePhase.Failed, "a");
        Assert.Contains("that host lives", Get("vm-1").Move!.Error!.Message,
            StringComparison.Ordinal);
        Assert.True(New.HasNoInstances);
        Assert.Equal(0, New.Calls("take-over"));
        Assert.Equal(0, New.Calls("build"));
    }

    [Fact]
    public void A_fence_about_an_attempt_that_is_gone_is_cleared_away_at_start()
    {
        StartWithInstance();
        Kill("a");
        Old.Fences[Given.Id()] = new EvacuationFence(
            Given.Id(), 9, Given.Host(), Given.Host("b"), DateTimeOffset.UnixEpoch);
        StartHost("a");
        AwaitAssert(() => Assert.Empty(Old.Fences));
        AwaitAssert(() => Assert.Equal(LaunchPhase.Active, Get("vm-1").Phase));
    }
}

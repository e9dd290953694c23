using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Actors.Tests.Scheduling;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Tests;

/// <summary>A scheduler and two hosts, all real, over disks in memory between which instances
/// move.</summary>
public sealed class MovingClusterTests : SchedulerTestKit
{
    private readonly Dictionary<string, FakeDisk> _disks = [];
    private readonly Dictionary<string, IActorRef> _hosts = [];
    private readonly Dictionary<string, TransferDesk> _desks = [];

    private FakeDisk Old => _disks["a"];

    private FakeDisk New => _disks["b"];

    private void StartHost(string name)
    {
        if (!_disks.TryGetValue(name, out var disk))
        {
            _disks[name] = disk = new FakeDisk
            {
                Network = address => _desks[new Uri(address).Host],
            };
        }

        var settings = Given.Settings(disk, name);
        _desks[name] = new TransferDesk(settings.Drivers, Sys.TimeProvider);
        _hosts[name] = Sys.ActorOf(HostActor.Props(settings with
        {
            Transfers = _desks[name],
            Address = $"http://{name}/",
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
        AwaitAssert(() =>
        {
            Scheduler.Tell(new GetHost(Given.Host("b")));
            Assert.NotNull(ExpectMsg<HostFound>());
        });
    }

    private LaunchMove Move()
    {
        Scheduler.Tell(new MoveInstance(Given.Id(), new MoveRequest(null, null)));
        return ExpectMsg<InstanceFound>().Instance.Move!;
    }

    private TaskCompletionSource MoveUntilItArrives()
    {
        var gate = New.Hold("receive");
        Move();
        AwaitCondition(() => New.Calls("receive") == 3);
        return gate;
    }

    private void AwaitMove(MovePhase phase, string host) => AwaitAssert(() =>
    {
        TestScheduler.Advance(TimeSpan.FromSeconds(6));
        var instance = Get("vm-1");
        Assert.Equal(
            (phase, LaunchPhase.Active, Given.Host(host)),
            (instance.Move!.Phase, instance.Phase, instance.Host));
    });

    private void Kill(string host)
    {
        Watch(_hosts[host]);
        Sys.Stop(_hosts[host]);
        ExpectTerminated(_hosts[host]);
    }

    [Fact]
    public void A_further_disk_is_after_a_move_what_it_was()
    {
        StartWithInstance();
        Change(new ChangeRequest.Attach(
            null, new BlankSpec(Given.GiB, BlankFileSystem.Ext4)));
        Change(new ChangeRequest.Detach(DiskName.Data(0), Delete: false));
        Move();
        AwaitMove(MovePhase.Done, "b");
        var disk = New.Records.Values.Single().Disks.Single(d => d.Name.IsData);
        Assert.Equal(("/dev/vdd", true), (disk.Device, disk.IsDetached));
        Assert.True(Get("vm-1").Disks[^1].IsDetached);

        void Change(ChangeRequest request)
        {
            Scheduler.Tell(new ChangeInstance(Given.Id(), request));
            Assert.NotNull(ExpectMsg<InstanceFound>().Instance.Change);
            Scheduler.Tell(
                new AwaitInstance(Given.Id(), Awaited.Changed, TimeSpan.FromMinutes(1)));
            Assert.Equal(ChangePhase.Done, ExpectMsg<InstanceFound>().Instance.Change!.Phase);
        }
    }

    [Fact]
    public void An_instance_moves_with_all_of_its_disks_and_leaves_none()
    {
        StartWithInstance();
        Assert.Equal(MovePhase.Copying, Move().Phase);
        Scheduler.Tell(new AwaitInstance(Given.Id(), Awaited.Changed, TimeSpan.FromMinutes(1)));
        var moved = ExpectMsg<InstanceFound>().Instance;
        Assert.Equal((MovePhase.Done, Given.Host("b")), (moved.Move!.Phase, moved.Host));
        Assert.True(Old.HasNoInstances);
        var record = Assert.Single(New.Records.Values);
        Assert.Equal(3, record.Disks.Count);
        Assert.All(record.Disks, d => Assert.NotNull(d.BackingFile));
        Assert.Equal(3, New.Calls("receive"));
        Assert.Equal(0, New.Calls("clone"));
    }

    [Fact]
    public void How_far_it_is_can_be_seen_while_it_is_fetched()
    {
        StartWithInstance();
        var gate = MoveUntilItArrives();
        AwaitAssert(() => Assert.StartsWith(
            "fetching disk", Get("vm-1").Progress?.What, StringComparison.Ordinal));
        gate.SetResult();
        AwaitMove(MovePhase.Done, "b");
    }

    [Fact]
    public void What_cannot_be_sent_stays_and_the_reason_is_told()
    {
        StartWithInstance();
        Old.Fail("send", LaunchErrorCode.InvalidRequest, retryable: false);
        Move();
        AwaitMove(MovePhase.Failed, "a");
        Assert.Contains("send broke", Get("vm-1").Move!.Error!.Message, StringComparison.Ordinal);
        Assert.True(New.HasNoInstances);
        Assert.Single(Old.Records);
        Old.Heal();
        Move();
        AwaitMove(MovePhase.Done, "b");
    }

    [Fact]
    public void A_cancelled_move_leaves_nothing_on_the_target()
    {
        StartWithInstance();
        MoveUntilItArrives();
        Scheduler.Tell(new CancelInstanceMove(Given.Id()));
        Assert.Equal(MovePhase.Undoing, ExpectMsg<InstanceFound>().Instance.Move!.Phase);
        AwaitMove(MovePhase.Cancelled, "a");
        Assert.True(New.HasNoInstances);
        Assert.Single(Old.Records);
    }

    [Fact]
    public void The_leader_may_die_in_the_middle_and_the_next_one_ends_the_move()
    {
        StartWithInstance();
        var gate = MoveUntilItArrives();
        StopScheduler();
        StartScheduler(epoch: 2);
        foreach (var host in _hosts.Values)
            host.Tell(new HostActor.Connected(Scheduler));
        gate.SetResult();
        AwaitMove(MovePhase.Done, "b");
        Assert.True(Old.HasNoInstances);
        Assert.Equal(3, New.Calls("receive"));
    }

    [Fact]
    public void A_target_that_dies_in_the_middle_and_comes_back_fetches_anew()
    {
        StartWithInstance();
        var gate = MoveUntilItArrives();
        Kill("b");
        gate.SetCanceled();
        New.Heal();
        StartHost("b");
        AwaitMove(MovePhase.Done, "b");
        Assert.True(Old.HasNoInstances);
        Assert.Equal(6, New.Calls("receive"));
    }

    [Fact]
    public void A_target_that_dies_and_stays_away_ends_the_move_and_the_instance_stays()
    {
        StartWithInstance();
        MoveUntilItArrives();
        Kill("b");
        AwaitMove(MovePhase.Failed, "a");
        Assert.Single(Old.Records);
    }

    [Fact]
    public void An_instance_deleted_in_the_middle_is_gone_from_both_hosts()
    {
        StartWithInstance();
        MoveUntilItArrives();
        Scheduler.Tell(new DeleteInstance(Given.Id()));
        ExpectMsg<InstanceFound>();
        AwaitAssert(() => Assert.Equal(LaunchPhase.Deleted, Get("vm-1").Phase));
        Assert.True(Old.HasNoInstances);
        Assert.True(New.HasNoInstances);
    }

    [Fact]
    public void A_host_is_emptied_when_it_is_asked_for_again_and_again()
    {
        StartWithInstance();
        HostMoves moves = new(1, 0, []);
        AwaitAssert(() =>
        {
            Scheduler.Tell(new EmptyHost(Given.Host()));
            moves = ExpectMsg<HostEmptied>().Moves;
            Assert.Equal(0, moves.Moving + moves.Waiting);
        });
        Assert.Empty(moves.Staying);
        Assert.True(Old.HasNoInstances);
    }
}

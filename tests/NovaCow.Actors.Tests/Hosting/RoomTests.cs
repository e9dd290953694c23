using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Tests.Hosting;

/// <summary>Room: told as it is, promised before it is used, and made when it lacks.</summary>
public sealed class RoomTests : HostTestKit
{
    private const long MiB = 1 << 20;
    private static readonly BaseKey Key = Given.Image.BaseKey();
    private static readonly LaunchSpec Tiny = new(Given.Image, Given.Tiny);
    private static readonly LaunchSpec Other = new(Given.ImageOf("other", 9), Given.Tiny);

    // What a base of one of these images needs while it is made, and the margin beside it.
    private static readonly long Needed =
        BaseSpace.NeededBytes(new BaseContent.OfImage(Given.Image))
            + new HostLimits().SpaceMarginBytes;

    [Fact]
    public void What_nothing_uses_goes_when_its_room_is_needed()
    {
        StartHost();
        Idle();
        Disk.Space = new StoreSpace(Needed * 2, Needed - 500);
        Disk.FreedByBase = 1_000;

        Prepare("vm-2", spec: Other);

        ExpectPrepared();
        Assert.Equal([Other.Image.BaseKey()], Disk.Bases.Keys);
        Assert.Equal([Other.Image.BaseKey()], Reports().Select(r => r.Key));
        Disk.Space = new StoreSpace(Needed * 2, Needed - 500);
        Prepare("vm-3", spec: Tiny);
        Assert.Equal(LaunchErrorCode.InsufficientStorage, ExpectFailed().Code);
    }

    [Fact]
    public void What_has_clones_or_was_just_used_stays_and_the_refusal_says_what_was_tried()
    {
        StartHost();
        Active();
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        Disk.Space = new StoreSpace(Needed * 2, Needed - 500);
        Prepare("vm-2", spec: Other);
        var refused = ExpectFailed();
        Assert.Equal(LaunchErrorCode.InsufficientStorage, refused.Code);
        Assert.Contains("no base was evicted; 0 bases of 0 bytes", refused.Message);
        Assert.Equal(0, Disk.Calls("delete-base"));

        Discard();
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Disk.Space = new StoreSpace(Needed * 2, Needed - 4_000);
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        Prepare("vm-3", spec: Other);
        Assert.Contains("no base was evicted; 3 bases of 3000 bytes", ExpectFailed().Message);
        Assert.Equal(3, Disk.Bases.Count);
    }

    [Fact]
    public void When_eviction_frees_less_than_it_should_the_refusal_says_how_much()
    {
        StartHost();
        Idle();
        Disk.Space = new StoreSpace(Needed * 2, Needed - 500);
        Prepare("vm-2", spec: Other);
        Assert.Contains("1 bases of 1000 bytes were evicted", ExpectFailed().Message);
    }

    [Fact]
    public void A_clone_without_room_is_tried_again_when_a_base_has_made_some()
    {
        StartHost();
        Idle();
        Prepare("vm-2", spec: Other);
        ExpectPrepared();
        TestScheduler.Advance(TimeSpan.FromMinutes(10));
        Disk.Space = new StoreSpace(Needed, (256 * MiB) + 100);
        Disk.FreedByBase = MiB;
        var failure = new PortException(
            new LaunchError(LaunchErrorCode.InsufficientStorage, "full", IsRetryable: true));
        Disk.OnCall = step => step == "clone" && Disk.Space.FreeBytes < 257 * MiB
            ? Task.FromException(failure)
            : Task.CompletedTask;
        Host.Tell(new HostProtocol.Prepare(Given.Id("vm-3"), Given.Fence(), Other), Scheduler.Ref);

        Assert.Equal(LaunchErrorCode.InsufficientStorage, ExpectFailed().Code);
        Disk.Space = new StoreSpace(Needed, (257 * MiB) - 500);
        Prepare("vm-4", spec: Other);
        ExpectPrepared();
        Assert.Equal([Other.Image.BaseKey()], Disk.Bases.Keys);
    }

    [Fact]
    public void A_full_copy_has_its_room_promised_before_it_begins()
    {
        var copy = new FakeDisk { Name = DriverName.Copy };
        StartWith(copy);
        Prepare(spec: Tiny);
        ExpectPrepared();
        copy.Space = new StoreSpace(Needed, (256 * MiB) + 1_500);
        var gate = copy.Hold("clone");
        Prepare("vm-2", spec: Tiny);
        AwaitCondition(() => copy.Calls("clone") == 2);
        Prepare("vm-3", spec: Tiny);
        var refused = ExpectFailed();
        Assert.Equal(LaunchErrorCode.InsufficientStorage, refused.Code);
        Assert.Contains("needs 1000 bytes", refused.Message);
        Assert.Contains("room for 500", refused.Message);
        gate.SetResult();
        ExpectPrepared();
        copy.Heal();
        Prepare("vm-4", spec: Tiny);
        ExpectPrepared();

        // A copy needs its base no more.
        Assert.Equal(0, Assert.Single(Reports()).Clones);
        Send(new HostProtocol.EvictBase(1, Key));
        Assert.Null(Scheduler.ExpectMsg<SchedulerProtocol.EvictionDone>().Error);
        Discard("vm-4");
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.Equal(2, copy.Disks.Count);
    }

    [Fact]
    public void A_base_goes_on_order_unless_it_has_clones()
    {
        StartHost();
        Active();
        Send(new HostProtocol.EvictBase(1, Key));
        var refused = Scheduler.ExpectMsg<SchedulerProtocol.EvictionDone>();
        Assert.Equal((1, RequestErrorCode.Conflict), (refused.Request, refused.Error!.Code));
        Assert.Contains("1 clones", refused.Error.Message);

        ExpectCleanDiscard();
        Send(new HostProtocol.EvictBase(2, Key));
        var done = Scheduler.ExpectMsg<SchedulerProtocol.EvictionDone>();
        Assert.Equal((2, 1_000, null), (done.Request, done.FreedBytes, done.Error));
        Assert.DoesNotContain(Reports(), r => r.Key == Key);
        Send(new HostProtocol.EvictBase(3, Key));
        var none = Scheduler.ExpectMsg<SchedulerProtocol.EvictionDone>();
        Assert.Equal(RequestErrorCode.BaseNotFound, none.Error!.Code);

        Prepare("vm-2", spec: Tiny);
        ExpectPrepared();
        Assert.Equal(2, Disk.Calls("fetch"));
    }

    [Fact]
    public void A_launch_that_comes_while_its_base_goes_waits_for_the_next()
    {
        StartHost();
        Idle();
        var gate = Disk.Hold("delete-base");
        Send(new HostProtocol.EvictBase(1, Key));
        AwaitCondition(() => Disk.Calls("delete-base") == 1);
        Prepare("vm-2", spec: Tiny);
        AwaitIdle();
        gate.SetResult();
        Scheduler.ExpectMsg<SchedulerProtocol.EvictionDone>();
        ExpectPrepared();
        Assert.Equal(2, Disk.Calls("fetch"));
    }

    [Fact]
    public void A_base_that_is_read_is_given_up_before_it_is_removed()
    {
        StartHost();
        Idle();
        var before = Disk.Calls("verify");
        Disk.Hold("verify");
        Send(new HostProtocol.Scrub(Key));
        AwaitCondition(() => Disk.Calls("verify") > before);
        Send(new HostProtocol.EvictBase(1, Key));
        Assert.Null(Scheduler.ExpectMsg<SchedulerProtocol.EvictionDone>().Error);
        Assert.Empty(Disk.Bases);
    }

    [Fact]
    public void A_base_that_goes_while_it_waits_to_be_read_gives_its_turn_up()
    {
        StartHost();
        Idle();
        Prepare("vm-2", spec: Other);
        ExpectPrepared();
        var gate = Disk.Hold("verify");
        Send(new HostProtocol.Scrub(Other.Image.BaseKey()));
        Send(new HostProtocol.Scrub(Key));
        Send(new HostProtocol.EvictBase(1, Key));
        Assert.Null(Scheduler.ExpectMsg<SchedulerProtocol.EvictionDone>().Error);
        gate.SetResult();
        AwaitAssert(() => Assert.NotNull(Assert.Single(Reports()).Scrub?.VerifiedAt));
        Disk.Heal();
        Prepare("vm-3", spec: Tiny);
        ExpectPrepared();
    }

    [Fact]
    public void A_removal_that_fails_is_told_and_the_next_launch_goes_on()
    {
        StartHost();
        Idle();
        Disk.Fail("delete-base", LaunchErrorCode.VolumeDriver);
        Send(new HostProtocol.EvictBase(1, Key));
        var failed = Scheduler.ExpectMsg<SchedulerProtocol.EvictionDone>();
        Assert.Contains("delete-base broke", failed.Error!.Message);
        Prepare("vm-2", spec: Tiny);
        ExpectPrepared();
    }

    [Fact]
    public void Asked_for_its_space_a_host_measures_it_and_tells_all_of_it()
    {
        StartHost();
        Active();
        Active("vm-2");
        Disk.UniqueBytes = 700;
        TestScheduler.Advance(TimeSpan.FromSeconds(1));
        AwaitIdle();

        Send(new HostProtocol.MeasureSpace(7));

        var measured = Scheduler.ExpectMsg<SchedulerProtocol.SpaceMeasured>();
        Assert.Equal((7, null), (measured.Request, measured.Error));
        var space = measured.Space!;
        var full = Disk.Disks.Values.Sum(d => d.VirtualSizeBytes);
        Assert.Equal((3_000, 6 * 700), (space.Usage.BaseBytes, space.Usage.DiskBytes));
        Assert.Equal(3_000 + full, space.Usage.WorstCaseBytes);
        Assert.NotNull(space.Usage.MeasuredAt);
        Assert.Equal([2, 2, 2], space.Bases.Select(b => b.Clones));
        Assert.Equal(2, space.InstanceCount);
        Assert.All(space.Instances, i => Assert.Equal(
            (full / 2, 0, 2_100), (i.VirtualSizeBytes, i.SharedBytes, i.UniqueBytes)));
    }

    [Fact]
    public void Disks_are_measured_every_so_often_and_a_failure_to_is_told()
    {
        StartHost();
        Active();
        Disk.UniqueBytes = 700;
        TestScheduler.Advance(TimeSpan.FromMinutes(6));
        AwaitIdle();
        Scheduler.IgnoreMessages(m => m is SchedulerProtocol.BaseProgress);
        TestScheduler.Advance(TimeSpan.FromSeconds(6));
        Scheduler.FishForMessage<SchedulerProtocol.HostReport>(r => r.Usage.DiskBytes == 2_100);

        Disk.Fail("measure", LaunchErrorCode.VolumeDriver);
        Send(new HostProtocol.MeasureSpace(8));
        var failed = Scheduler.FishForMessage<SchedulerProtocol.SpaceMeasured>(_ => true);
        Assert.Equal((null, "measure broke"), (failed.Space, failed.Error!.Message));
    }

    private void StartWith(FakeDisk disk)
    {
        var host = Sys.ActorOf(HostActor.Props(Given.Settings(disk)), "copier");
        host.Tell(new HostActor.Connected(Scheduler.Ref), Scheduler.Ref);
        Use(host);
        Scheduler.ExpectMsg<SchedulerProtocol.HostHello>();
    }

    /// <summary>A base that was used, and is not any more.</summary>
    private void Idle()
    {
        Prepare("idle", spec: Tiny);
        ExpectPrepared();
        Discard("idle");
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        AwaitIdle();
    }

    private IReadOnlyList<BaseReport> Reports()
    {
        Send(new HostProtocol.SayHello());
        return Scheduler.ExpectMsg<SchedulerProtocol.HostHello>().Facts.Bases;
    }
}

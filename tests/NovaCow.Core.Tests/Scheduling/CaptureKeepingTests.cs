using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Which captured images hosts are told to remove, and when.</summary>
public sealed class CaptureKeepingTests
{
    private static readonly Image Mine = Given.Image("mine", 9);
    private static readonly ChangeRequest Capture = new ChangeRequest.Capture(Mine.Name);
    private static readonly HostId A = OneMachine.A;
    private DateTimeOffset _now = Given.Start;

    [Fact]
    public void An_image_goes_once_it_is_deleted_and_the_order_is_journaled_first()
    {
        var core = Captured();
        Assert.Empty(Drops(core));
        core.Unregister(Mine.Name, _now);
        var decision = Tick(core);
        var dropped = Assert.IsType<CapturesDropped>(Assert.Single(decision.Events));
        Assert.Equal((A, Mine.Digest), (dropped.Host, Assert.Single(dropped.Digests)));
        var order = Assert.Single(decision.Effects.OfType<SchedulerEffect.DropCaptures>());
        Assert.Equal((A, 1, Mine.Digest), (order.Host, order.Number, Assert.Single(order.Digests)));
        Hold(core, number: 1);
        Assert.Empty(Drops(core));
    }

    [Fact]
    public void A_host_that_still_has_it_is_told_again_after_a_while_or_when_it_says_hello()
    {
        var core = Captured();
        core.Unregister(Mine.Name, _now);
        Assert.Single(Drops(core));
        Hold(core, 1, Mine);
        Assert.Empty(Drops(core, seconds: 50));
        Assert.Single(Drops(core, seconds: 20));

        // It has begun another capture since, and passed the order over.
        Hold(core, 2, Mine);
        Assert.Equal(2, Assert.Single(Drops(core)).Number);

        core.Disconnected(A, _now);
        Assert.Empty(Drops(core));
        core.Hello(Given.Facts("a"), _now);
        Assert.Empty(Drops(core));
        Hold(core, 3, Mine);
        Assert.Single(Drops(core));
    }

    [Fact]
    public void An_instance_of_it_keeps_it_after_it_was_deleted_from_the_catalogue()
    {
        var core = Captured();
        var order = Given.Order() with { Image = Mine.Name };
        Assert.Null(core.Launch(order, [Given.Id("of-it")], _now).Refusal);
        core.Unregister(Mine.Name, _now);
        Assert.Empty(Drops(core));
        var launch = core.State.Launches[Given.Id("of-it")];
        core.Delete(launch.Id, _now);
        Assert.Empty(Drops(core));
        core.Removed(launch.Host!, launch.Id, new(1, launch.Attempt), _now);
        Assert.Single(Drops(core));
    }

    [Fact]
    public void A_rebuild_keeps_it_from_its_begin_and_lets_it_go_when_another_took_its_place()
    {
        var vm = new OneMachine();
        Register(vm.Core);
        vm.Accepted(new ChangeRequest.Rebuild(Mine.Name));
        vm.Core.Unregister(Mine.Name, _now);
        Assert.Empty(Drops(vm.Core));
        vm.End(disks: [OneMachine.Root with { BackingFile = Mine.BaseKey() }]);
        Assert.Empty(Drops(vm.Core));
        vm.Done(new ChangeRequest.Flatten(), [OneMachine.Root with { BackingFile = null }]);
        Assert.Empty(Drops(vm.Core));
        vm.Done(new ChangeRequest.Rebuild(Given.Image().Name), [OneMachine.Root]);
        Assert.Single(Drops(vm.Core));
    }

    [Fact]
    public void A_rebase_that_was_given_up_when_the_disk_was_a_clone_of_it_keeps_it()
    {
        var vm = new OneMachine();
        Register(vm.Core);
        vm.Accepted(new ChangeRequest.Rebase(Mine.Name));
        vm.Core.Unregister(Mine.Name, _now);
        vm.End(Given.Error(false), [OneMachine.Root with { BackingFile = Mine.BaseKey() }]);
        Assert.Equal(Given.Image(), vm.Core.State.Launches[OneMachine.Id].RootImage());
        Assert.Empty(Drops(vm.Core));
        vm.Done(new ChangeRequest.Rebase(null), [OneMachine.Root]);
        Assert.Single(Drops(vm.Core));
    }

    [Fact]
    public void Every_version_that_may_become_current_is_kept()
    {
        var core = Given.Scheduler(hosts: "a");
        var debian = Given.Image();
        core.Reported(Given.Report(A, "a-1"), _now);
        core.UpdateImage(Mine with { Name = debian.Name }, 1, _now);
        Hold(core, 1, Mine, debian);
        Assert.Empty(Drops(core));
        core.BaseChanged(A, Given.Base(Mine, BaseState.Ready), _now);
        Tick(core);
        Assert.Equal(Mine.Digest, core.State.Images[debian.Name].Digest);
        Assert.Empty(Drops(core));

        // The one before the previous one is nobody's.
        core.UpdateImage(Given.Image(seed: 3), 0, _now);
        Assert.Equal(debian.Digest, Assert.Single(Assert.Single(Drops(core)).Digests));

        core.UpdateImage(Given.Image(seed: 4), 1, _now);
        Hold(core, 2, Given.Image(seed: 4));
        Assert.Empty(Drops(core));
        core.AbortUpdate(debian.Name, _now);
        Assert.Single(Drops(core));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void While_a_capture_is_under_way_nothing_of_its_host_goes(bool isCancelling)
    {
        var vm = new OneMachine();
        vm.Core.Hello(Given.Facts("b"), _now);
        vm.Accepted(Capture);
        if (isCancelling)
            vm.Core.CancelChange(OneMachine.Id, _now);

        // It is published, and its end not heard.
        Hold(vm.Core, 1, Mine, Given.Image("old", 8));
        vm.Core.CapturesHeld(
            Given.Host("b"), new HeldCaptures(1, [new(Mine.Digest, 1)]), _now);
        Assert.Equal("b", Assert.Single(Drops(vm.Core, seconds: 30)).Host.Value);
        vm.End(captured: Mine);
        Assert.Contains(Mine.Name, vm.Core.State.Images);
        Assert.Equal([Given.Image("old", 8).Digest], Assert.Single(Drops(vm.Core)).Digests);
    }

    [Fact]
    public void What_was_not_registered_goes()
    {
        var vm = new OneMachine();
        vm.Accepted(Capture);
        vm.Core.CancelChange(OneMachine.Id, _now);
        vm.Core.Register(Given.Image("mine", 8), _now);
        Hold(vm.Core, 1, Mine);
        vm.End(captured: Mine);
        Assert.Equal(ChangePhase.Failed, vm.Newest.Phase);
        Assert.Single(Drops(vm.Core));
    }

    [Fact]
    public void What_is_captured_of_an_instance_that_is_deleted_meanwhile_goes()
    {
        var vm = new OneMachine();
        vm.Accepted(Capture);
        Hold(vm.Core, 1, Mine);
        vm.Core.Delete(OneMachine.Id, _now);
        Assert.Single(Drops(vm.Core));
        Assert.Empty(vm.End(captured: Mine).Events);
    }

    [Fact]
    public void A_capture_on_a_host_that_seems_to_have_lost_the_instance_may_still_end()
    {
        var vm = new OneMachine();
        vm.Accepted(Capture);
        vm.Core.Hello(Given.Facts("a"), _now);
        Assert.Equal(LaunchPhase.Failed, vm.Info.Phase);
        Hold(vm.Core, 1, Mine);
        Assert.Empty(Drops(vm.Core));
        vm.End(captured: Mine);
        Assert.Contains(Mine.Name, vm.Core.State.Images);
        Assert.Empty(Drops(vm.Core));
    }

    [Fact]
    public void What_an_instance_is_a_clone_of_that_no_launch_accounts_for_stays()
    {
        var core = Given.Scheduler(hosts: ["a", "b"]);
        var b = Given.Host("b");
        core.BaseChanged(b, Given.Base(Mine, BaseState.Ready) with { Clones = 1 }, _now);
        Hold(core, 1, Mine);
        Assert.Empty(Drops(core));
        core.BaseChanged(b, Given.Base(Mine, BaseState.Ready), _now);
        Assert.Single(Drops(core));
    }

    [Fact]
    public void A_new_leader_removes_nothing_before_it_has_heard_every_host()
    {
        var before = Captured();
        before.Hello(Given.Facts("b"), _now);
        before.Unregister(Mine.Name, _now);
        var core = new SchedulerCore(new SchedulerLimits(), Flavors.Defaults, epoch: 2);
        core.Recover(before.State.ToSnapshot());
        core.Start(_now);
        core.Hello(Given.Facts("a"), _now);
        Hold(core, 1, Mine);
        Assert.Empty(Drops(core));

        // One that is lost is waited for no more.
        Assert.Single(Drops(core, seconds: 20));
    }

    [Fact]
    public void A_new_leader_knows_what_is_needed_and_what_is_under_way()
    {
        var vm = new OneMachine();
        Register(vm.Core);
        vm.Done(
            new ChangeRequest.Rebuild(Mine.Name),
            [OneMachine.Root with { BackingFile = Mine.BaseKey() }]);
        vm.Core.Unregister(Mine.Name, _now);
        vm.Accepted(new ChangeRequest.Capture(ImageName.Parse("next")));
        var core = new SchedulerCore(new SchedulerLimits(), Flavors.Defaults, epoch: 2);
        core.Recover(vm.Core.State.ToSnapshot());
        Assert.Equal(1, core.State.Needs.LaunchesOf(Mine.Digest));
        Assert.Equal(0, core.State.Needs.LaunchesOf(Given.Image().Digest));
        Assert.True(core.State.Needs.IsCapturing(A));
    }

    [Fact]
    public void An_order_names_so_many_and_the_next_one_the_others()
    {
        var core = Given.Scheduler(
            new SchedulerLimits { Captures = new CaptureRules { MaxInOrder = 3 } }, "a");
        Image[] held = [.. Enumerable.Range(20, 5).Select(i => Given.Image($"i-{i}", (byte)i))];
        Hold(core, 1, held);
        var first = Assert.Single(Drops(core)).Digests;
        var second = Assert.Single(Drops(core)).Digests;
        Assert.Equal((3, 2), (first.Count, second.Count));
        Assert.Equal(held.Select(i => i.Digest), [.. first, .. second]);
    }

    [Fact]
    public void A_host_that_is_not_known_must_say_hello_first() =>
        Assert.False(Given.Scheduler().CapturesHeld(A, new HeldCaptures(1, []), _now));

    private SchedulerCore Captured()
    {
        var core = Given.Scheduler(hosts: "a");
        Register(core);
        return core;
    }

    private void Register(SchedulerCore core)
    {
        Assert.Null(core.Register(Mine, _now).Refusal);
        Hold(core, 1, Mine);
    }

    private void Hold(SchedulerCore core, long number, params Image[] images) =>
        Assert.True(core.CapturesHeld(
            A,
            new HeldCaptures(number, [.. images.Select(i => new HeldCapture(i.Digest, 1))]),
            _now));

    private Decision Tick(SchedulerCore core, int seconds = 5)
    {
        _now += TimeSpan.FromSeconds(seconds);
        return core.Tick(_now);
    }

    private List<SchedulerEffect.DropCaptures> Drops(SchedulerCore core, int seconds = 5)
    {
        List<SchedulerEffect.DropCaptures> drops = [];
        for (var passed = 0; passed < seconds; passed += 5)
            drops.AddRange(Tick(core).Effects.OfType<SchedulerEffect.DropCaptures>());
        return drops;
    }
}

using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>A machine that does not start after the commit: its host undoes the disks.</summary>
public sealed class FailedStartTests
{
    private static readonly LaunchError DoesNotStart = new(
        LaunchErrorCode.Hypervisor, "libvirt error 1 (qemu): no such machine type", true);

    private static readonly LaunchOptions Grouped = new()
    {
        Group = GroupName.Parse("apart"),
    };

    private static SchedulerCore Committed(params string[] hosts)
    {
        var core = Given.Scheduler(null, hosts);
        core.Launch(Given.Order(options: Grouped), [OneMachine.Id], Given.Start);
        core.Prepared(
            OneMachine.A, OneMachine.Id, OneMachine.Fence, [OneMachine.Root],
            new(true, default, default), Given.Start);
        return core;
    }

    private static Decision Fail(SchedulerCore core, LaunchError error) => core.AttemptFailed(
        OneMachine.A, OneMachine.Id, OneMachine.Fence, error, OneMachine.At(1));

    [Fact]
    public void It_is_the_launchs_end_with_the_hypervisors_words_and_holds_nothing()
    {
        var core = Committed("a");
        var failed = Assert.IsType<LaunchFailed>(Assert.Single(Fail(core, DoesNotStart).Events));
        Assert.True(failed.IsUndone);
        var info = core.Find(OneMachine.Id, OneMachine.At(1))!;
        Assert.Equal((LaunchPhase.Failed, DoesNotStart), (info.Phase, info.Error));
        Assert.Null(info.Timings.CommittedAt);
        Assert.Equal(default, core.State.ClaimsOf(OneMachine.A));
        Assert.Empty(core.State.GroupsOn(OneMachine.A));
        Assert.Empty(core.State.OpenOn(OneMachine.A));

        // It is placed nowhere again, and another of its group takes its place.
        var tick = core.Tick(OneMachine.At(100));
        Assert.DoesNotContain(tick.Events, e => e is LaunchPlaced);
        var next = core.Launch(
            Given.Order(options: Grouped), [Given.Id("next")], OneMachine.At(2));
        Assert.Contains(next.Events, e => e is LaunchPlaced);
    }

    [Fact]
    public void A_hello_without_it_is_as_it_should_be_and_one_with_it_is_told_to_discard()
    {
        var core = Committed("a");
        Fail(core, DoesNotStart);
        var without = core.Hello(Given.Facts("a"), OneMachine.At(2));
        Assert.IsType<HostJoined>(Assert.Single(without.Events));
        foreach (var state in (InstanceState[])[InstanceState.Prepared, InstanceState.Active])
        {
            var with = core.Hello(
                Given.Facts("a", new HostedInstance(OneMachine.Id, OneMachine.Fence, state)),
                OneMachine.At(3));
            var welcome = with.Effects.OfType<SchedulerEffect.Welcome>().Single();
            Assert.Equal(Verdict.Discard, Assert.Single(welcome.Verdicts).Verdict);
        }

        var late = core.Activated(
            OneMachine.A, OneMachine.Id, OneMachine.Fence, OneMachine.At(4));
        Assert.Contains(late.Effects, e => e is SchedulerEffect.Discard);
        Assert.Equal(LaunchPhase.Failed, core.Find(OneMachine.Id, OneMachine.At(4))!.Phase);
    }

    [Fact]
    public void It_is_deleted_without_asking_its_host()
    {
        var core = Committed("a");
        Fail(core, DoesNotStart);
        var deleted = core.Delete(OneMachine.Id, OneMachine.At(2));
        Assert.IsType<LaunchDeleted>(Assert.Single(deleted.Events));
        Assert.DoesNotContain(deleted.Effects, e => e is SchedulerEffect.Discard);
    }

    [Fact]
    public void It_stays_so_in_a_saved_state_and_in_a_replay()
    {
        var core = Committed("a");
        Fail(core, DoesNotStart);
        var restored = new SchedulerState(new SchedulerLimits());
        restored.Restore(core.State.ToSnapshot());
        var launch = restored.Launches[OneMachine.Id];
        Assert.Empty(launch.HostsOfGroup());
        Assert.Null(launch.Timings.CommittedAt);
    }

    [Fact]
    public void The_reason_is_known_late_where_the_host_came_back_without_it_first()
    {
        var core = Committed("a");
        core.Hello(Given.Facts("a"), OneMachine.At(1));
        Assert.Single(core.State.GroupsOn(OneMachine.A));
        Assert.Single(Fail(core, DoesNotStart).Events);
        Assert.Equal(DoesNotStart, core.Find(OneMachine.Id, OneMachine.At(2))!.Error);
        Assert.Empty(core.State.GroupsOn(OneMachine.A));
        Assert.Empty(Fail(core, DoesNotStart).Events);
    }

    [Fact]
    public void Disks_that_are_only_missing_may_come_back()
    {
        var core = Committed("a");
        Fail(core, Given.Error(false));
        Assert.Single(core.State.GroupsOn(OneMachine.A));
        var back = core.Activated(
            OneMachine.A, OneMachine.Id, OneMachine.Fence, OneMachine.At(2));
        Assert.IsType<LaunchCommitted>(Assert.Single(back.Events));
    }

    [Fact]
    public void What_was_active_before_is_never_taken_for_undone()
    {
        var vm = new OneMachine();
        vm.Core.Hello(Given.Facts("a"), OneMachine.At(1));
        Assert.Equal(LaunchPhase.Failed, vm.Info.Phase);
        var has = new HostedInstance(OneMachine.Id, OneMachine.Fence, InstanceState.Prepared);
        vm.Core.Hello(Given.Facts("a", has), OneMachine.At(2));
        Assert.Equal(LaunchPhase.Committed, vm.Info.Phase);
        var failed = (LaunchFailed)Fail(vm.Core, DoesNotStart).Events.Single();
        Assert.False(failed.IsUndone);
        Assert.NotNull(vm.Info.Timings.CommittedAt);
    }
}

using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class LifeTests
{
    private static readonly ChangeRequest Start = new ChangeRequest.Start();
    private static readonly ChangeRequest Stop = new ChangeRequest.Stop(30);
    private static readonly ChangeRequest Reboot = new ChangeRequest.Reboot(0);

    [Fact]
    public void A_host_without_a_hypervisor_starts_no_machine_but_changes_disks()
    {
        var vm = new OneMachine(HypervisorCapabilities.None);
        foreach (var request in (ChangeRequest[])[Start, Stop, Reboot])
        {
            vm.Refused(
                RequestErrorCode.CannotChange, request, "host a runs no machines",
                "novacow.host.hypervisor is none");
        }

        vm.Done(new ChangeRequest.Rebuild(Given.Image().Name));
        vm.Accepted(new ChangeRequest.Capture(ImageName.Parse("mine")));
    }

    [Fact]
    public void What_a_host_runs_is_known_when_it_is_away_and_to_the_next_leader()
    {
        var vm = new OneMachine();
        vm.Core.Disconnected(OneMachine.A, OneMachine.At(1));
        var next = new SchedulerCore(new SchedulerLimits(), Flavors.Defaults, epoch: 2);
        next.Recover(vm.Core.State.ToSnapshot());
        next.Start(OneMachine.At(2));
        foreach (var core in (SchedulerCore[])[vm.Core, next])
        {
            Assert.Equal(OneMachine.Kvm, core.Host(OneMachine.A)!.Hypervisor);
            Assert.Single(core.Change(OneMachine.Id, Start, OneMachine.At(3)).Events);
        }
    }

    [Fact]
    public void A_start_or_a_stop_is_repeated_only_if_the_machine_is_not_as_it_was_left()
    {
        var vm = new OneMachine();
        vm.Power(PowerState.Running);
        vm.Accepted(Stop);
        vm.Answered(Stop);
        vm.Refused(RequestErrorCode.Conflict, Start, "a stop is under way");
        vm.Power(PowerState.Stopped);
        vm.End();
        vm.Answered(Stop);
        vm.Answered(new ChangeRequest.Stop(0));
        vm.Power(PowerState.Running);
        vm.Done(Stop);

        vm.Power(PowerState.Stopped);
        vm.Done(Start);
        vm.Power(PowerState.Running);
        vm.Answered(Start);
        vm.Power(PowerState.Crashed);
        Assert.IsType<InstanceChange.Start>(vm.Accepted(Start));
        Assert.Equal(4, vm.Newest.Number);
    }

    [Fact]
    public void A_stop_by_force_need_not_wait_for_one_that_asks_the_guest()
    {
        var vm = new OneMachine();
        vm.Power(PowerState.Running);
        vm.Accepted(Stop);
        Assert.Equal(
            new InstanceChange.Stop(0), vm.Accepted(new ChangeRequest.Stop(0)));
        Assert.Equal(2, vm.Newest.Number);
        vm.Refused(RequestErrorCode.Conflict, Stop, "a stop is under way");
        vm.End();
        vm.Accepted(new ChangeRequest.Rebuild(Given.Image().Name));
        vm.Refused(
            RequestErrorCode.Conflict, new ChangeRequest.Stop(0), "a rebuild from image");
    }

    [Fact]
    public void A_machine_that_nobody_hears_of_is_stopped_anew()
    {
        var vm = new OneMachine();
        vm.Power(PowerState.Stopped);
        vm.Done(Stop);
        vm.Core.Disconnected(OneMachine.A, OneMachine.At(2));
        vm.Accepted(Stop);
    }

    [Fact]
    public void A_reboot_that_is_done_can_be_wanted_again_and_one_under_way_is_answered()
    {
        var vm = new OneMachine();
        vm.Power(PowerState.Running);
        vm.Accepted(Reboot);
        vm.Answered(Reboot);
        vm.End();
        vm.Accepted(Reboot);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(SchedulerCore.MaxGraceSeconds + 1)]
    public void A_grace_has_its_bounds(int seconds)
    {
        var vm = new OneMachine();
        vm.Refused(RequestErrorCode.InvalidRequest, new ChangeRequest.Stop(seconds), "3600");
        vm.Refused(RequestErrorCode.InvalidRequest, new ChangeRequest.Reboot(seconds), "3600");
    }

    [Theory]
    [InlineData(PowerState.Running)]
    [InlineData(PowerState.Paused)]
    public void What_is_done_to_disks_cold_is_refused_while_the_machine_has_them_open(
        PowerState state)
    {
        var vm = new OneMachine();
        ChangeRequest[] cold =
        [
            new ChangeRequest.Resize(4 * Given.GiB), new ChangeRequest.Flatten(),
            new ChangeRequest.Rebase(null), new ChangeRequest.Migrate(null),
        ];
        vm.Power(state);
        foreach (var request in cold)
        {
            vm.Refused(
                RequestErrorCode.CannotChange, request,
                "it runs; stop it first: novacow instance stop vm");
        }

        vm.Power(PowerState.Stopped, 2);
        vm.Accepted(cold[0]);
    }

    [Fact]
    public void A_machine_that_runs_is_not_moved_and_stays_on_a_host_that_is_emptied()
    {
        var vm = new OneMachine();
        vm.Core.Hello(
            Given.Facts("b") with { Hypervisor = OneMachine.Kvm, Address = "b" }, Given.Start);
        vm.Power(PowerState.Running);
        var anywhere = new MoveRequest(null, null);
        var refusal = vm.Core.Move(OneMachine.Id, anywhere, OneMachine.At(1)).Refusal!;
        Assert.Equal(RequestErrorCode.CannotChange, refusal.Code);
        Assert.Contains("it runs; stop it first", refusal.Message);
        var staying = vm.Core.MoveAll(OneMachine.A, OneMachine.At(1)).Moves.Staying;
        Assert.Contains("it runs", Assert.Single(staying).Why);

        vm.Power(PowerState.Stopped, 2);
        Assert.Single(vm.Core.Move(OneMachine.Id, anywhere, OneMachine.At(3)).Events);
    }

    [Fact]
    public void A_machine_moves_only_where_machines_run()
    {
        var vm = new OneMachine();
        vm.Core.Hello(Given.Facts("b") with { Address = "b" }, Given.Start);
        var refusal = vm.Core.Move(
            OneMachine.Id, new MoveRequest(Given.Host("b"), null), OneMachine.At(1)).Refusal!;
        Assert.Contains("runs no machines, and host a does", refusal.Message);
    }

    [Fact]
    public void A_host_that_is_told_to_go_on_is_told_whether_the_instance_was_active()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("vm");
        var commit = core.Prepared(
            OneMachine.A, OneMachine.Id, OneMachine.Fence, [OneMachine.Root],
            new(true, default, default), Given.Start).Effects.OfType<SchedulerEffect.Commit>();
        Assert.False(commit.Single().WasActive);
        Assert.False(Again(core).WasActive);
        Assert.True(Again(new OneMachine().Core).WasActive);

        static InstanceVerdict Again(SchedulerCore core) => core.Hello(
            Given.Facts("a", new HostedInstance(
                OneMachine.Id, OneMachine.Fence, InstanceState.Prepared)),
            OneMachine.At(1)).Effects.OfType<SchedulerEffect.Welcome>().Single().Verdicts.Single();
    }

    [Fact]
    public void Deleting_ends_whatever_is_under_way()
    {
        var vm = new OneMachine();
        vm.Power(PowerState.Running);
        vm.Accepted(Stop);
        var deleted = vm.Core.Delete(OneMachine.Id, OneMachine.At(2));
        Assert.Equal(
            [typeof(ChangeEnded), typeof(LaunchDeleting)], deleted.Events.Select(e => e.GetType()));
    }

    [Fact]
    public void A_rebuilt_instance_is_of_its_new_image_and_its_launch_still_repeats()
    {
        var vm = new OneMachine();
        var other = Given.Image("other", 2);
        vm.Core.Register(other, Given.Start);
        vm.Done(new ChangeRequest.Rebase(null));
        var change = vm.Done(
            new ChangeRequest.Rebuild(other.Name),
            [OneMachine.Root with { BackingFile = other.BaseKey() }]);
        Assert.Equal(new InstanceChange.Rebuild(other), change);
        Assert.Equal(other.Name, vm.Info.Image);
        Assert.Equal(other, vm.Core.State.Launches[OneMachine.Id].RootImage());
        Assert.Equal(Given.GiB, vm.ClaimedDiskBytes);
        Assert.Null(vm.Core.Launch("vm").Refusal);

        // Once more, and what follows is of the new image.
        vm.Done(new ChangeRequest.Rebuild(other.Name));
        Assert.Equal(new InstanceChange.Rebase(other), vm.Accepted(new ChangeRequest.Rebase(null)));
    }

    [Fact]
    public void A_rebuild_that_failed_leaves_the_instance_what_it_was()
    {
        var vm = new OneMachine();
        vm.Core.Register(Given.Image("other", 2), Given.Start);
        vm.Accepted(new ChangeRequest.Rebuild(ImageName.Parse("other")));
        vm.End(Given.Error(false));
        Assert.Equal(Given.Image().Name, vm.Info.Image);
    }

    [Fact]
    public void A_rebuild_is_refused_an_image_that_is_not_there_too_large_or_no_disk()
    {
        var vm = new OneMachine();
        vm.Core.Register(
            Given.Image("large", 3) with { VirtualSizeBytes = 2 * Given.GiB }, Given.Start);
        vm.Core.Register(
            Given.Image("kernel", 4) with { Format = DiskFormat.Aki }, Given.Start);
        Refused(RequestErrorCode.ImageNotFound, "nothing", "nothing");
        Refused(RequestErrorCode.CannotChange, "large", $"{2 * Given.GiB}", $"{Given.GiB}");
        Refused(RequestErrorCode.Unprocessable, "kernel", "no disk");

        void Refused(RequestErrorCode code, string image, params string[] says) =>
            vm.Refused(code, new ChangeRequest.Rebuild(ImageName.Parse(image)), says);
    }

    [Fact]
    public void A_rebuild_boots_with_the_kernel_of_its_image()
    {
        var vm = new OneMachine();
        var kernel = Given.Image("kernel", 4) with { Format = DiskFormat.Aki };
        vm.Core.Register(kernel, Given.Start);
        vm.Core.Register(Given.Image("with", 5) with { Kernel = kernel.Name }, Given.Start);
        var change = vm.Done(new ChangeRequest.Rebuild(ImageName.Parse("with")));
        Assert.Equal(kernel, ((InstanceChange.Rebuild)change).Kernel);
        Assert.Equal(kernel.Name, vm.Info.Boot!.Kernel.Image);
        var restored = new SchedulerState(new SchedulerLimits());
        restored.Restore(vm.Core.State.ToSnapshot());
        Assert.Equal(kernel, restored.Launches[OneMachine.Id].SpecNow().Kernel);

        vm.Done(new ChangeRequest.Rebuild(Given.Image().Name));
        Assert.Null(vm.Info.Boot);
    }
}

using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Tests.Hosting;

public sealed class MachineTests : MachineTestKit
{
    private MachineStatus? PowerInHello()
    {
        Send(new HostProtocol.SayHello());
        return Scheduler.ExpectMsg<SchedulerProtocol.HostHello>().Facts.Instances[0].Power?.Status;
    }

    [Fact]
    public void A_machine_starts_only_after_the_commit_and_then_the_instance_is_active()
    {
        Assert.Equal("libvirt", StartMachineHost().Hypervisor.Name);
        Prepare();
        ExpectPrepared();
        Assert.Empty(Hypervisor.Asked);
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(["start"], Hypervisor.Asked);
        Assert.Equal(PowerState.Running, PowerInHello()!.State);
        AwaitCondition(() => Record.IsOn == true);

        var spec = Hypervisor.Specs[Id];
        Assert.Equal(
            ["/dev/vda", "/dev/vdb", "/dev/vdc"], spec.Disks.Select(d => d.Device));
        Assert.All(spec.Disks, d => Assert.NotNull(d.BackingPath));
        Assert.Null(spec.SeedPath);
    }

    [Fact]
    public void A_guest_that_is_told_who_it_is_has_its_seed_before_it_starts()
    {
        StartMachineHost();
        Prepare(spec: Given.Spec with { Guest = new GuestSetup { HostName = "web" } });
        ExpectPrepared();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(["seed", "start"], Hypervisor.Asked);
        Assert.NotNull(Hypervisor.Specs[Id].SeedPath);
    }

    [Fact]
    public void A_machine_that_does_not_start_takes_its_disks_with_it_and_says_why()
    {
        StartMachineHost();
        Hypervisor.Fail("start", "no such emulator");
        Prepare();
        ExpectPrepared();
        Commit();
        var error = ExpectFailed();
        Assert.Equal((LaunchErrorCode.Hypervisor, "no such emulator"), (error.Code, error.Message));
        Assert.True(Disk.HasNoInstances);
        Assert.Null(Machine);

        // Asked again, it says it again.
        Commit();
        Assert.Equal(error, ExpectFailed());
    }

    [Fact]
    public void What_was_active_before_there_was_a_hypervisor_is_neither_started_nor_undone()
    {
        StartHost();
        Active();
        StopHost();
        Hypervisor.Fail("start", "somebody else runs it");
        StartMachineHost();
        Send(new HostProtocol.Welcome(1,
        [
            new InstanceVerdict(Id, Given.Fence(), Verdict.Commit) { WasActive = true },
        ]));
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Empty(Hypervisor.Asked);
        Assert.Equal(3, Disk.Disks.Count);
    }

    [Fact]
    public void A_machine_is_ended_before_anything_of_its_instance_is_removed()
    {
        StartMachineHost();
        Active();
        Disk.OnCall = step =>
        {
            if (step is "delete-record" or "delete-disk")
                Assert.Null(Machine);
            return Task.CompletedTask;
        };
        ExpectCleanDiscard();
    }

    [Fact]
    public void An_instance_that_is_removed_while_it_starts_leaves_nothing()
    {
        StartMachineHost();
        Prepare();
        ExpectPrepared();
        Hypervisor.Hold("start");
        Commit();
        AwaitCondition(() => Hypervisor.Calls("start") == 1);
        ExpectCleanDiscard();
        Assert.Null(Machine);
    }

    [Fact]
    public void A_machine_that_cannot_be_ended_keeps_its_disks_until_it_can()
    {
        StartMachineHost();
        Active();
        Hypervisor.Fail("remove", "libvirtd is away");
        Discard();
        AwaitCondition(() => Hypervisor.Calls("remove") == 1);
        Assert.Equal(3, Disk.Disks.Count);
        Assert.Single(Disk.Records);
        Hypervisor.Heal();
        AwaitAssert(() =>
        {
            TestScheduler.Advance(TimeSpan.FromSeconds(2));
            Assert.Null(Machine);
        });
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.True(Disk.HasNoInstances);
    }

    [Fact]
    public void A_guest_that_powers_off_is_told_of_at_once_and_stays_off_when_the_host_restarts()
    {
        StartMachineHost();
        Active();
        AwaitCondition(() => Record.IsOn == true);
        Scheduler.IgnoreMessages(
            m => m is SchedulerProtocol.HostReport or SchedulerProtocol.BaseProgress);
        foreach (var state in new[] { PowerState.Stopping, PowerState.Stopped })
        {
            Hypervisor.Happen(Id, state, PowerCause.Guest);
            Assert.Equal(
                new MachineStatus(state, PowerCause.Guest),
                Scheduler.ExpectMsg<SchedulerProtocol.PowerChanged>().Power.Status);
        }

        AwaitCondition(() => Record.IsOn == false);

        StopHost();
        Hypervisor.Machines.Clear();
        StartMachineHost();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(1, Hypervisor.Calls("start"));
    }

    [Fact]
    public void A_host_that_restarts_takes_over_what_runs_and_starts_nothing_twice()
    {
        StartMachineHost();
        Active();
        StopHost();
        var facts = StartMachineHost();
        Assert.Equal(PowerState.Running, Assert.Single(facts.Instances).Power!.Status.State);
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(1, Hypervisor.Calls("start"));
    }

    [Fact]
    public void A_guest_that_powered_off_while_its_host_was_away_is_not_started()
    {
        StartMachineHost();
        Active();
        AwaitCondition(() => Record.IsOn == true);
        StopHost();
        Hypervisor.Happen(Id, PowerState.Stopped, PowerCause.Guest);
        StartMachineHost();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(1, Hypervisor.Calls("start"));
        AwaitCondition(() => Record.IsOn == false);
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public void A_machine_that_went_down_with_its_host_runs_again_if_that_is_wanted(
        bool resume, int starts)
    {
        StartMachineHost();
        Active();
        AwaitCondition(() => Record.IsOn == true);
        StopHost();
        Hypervisor.Machines.Clear();
        StartMachineHost(resume);
        Assert.Equal(1, Hypervisor.Calls("start"));
        Send(new HostProtocol.Commit(Id, Given.Fence()) { WasActive = true });
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(starts, Hypervisor.Calls("start"));
    }

    [Theory]
    [InlineData("boot-1", "boot-1", false)]
    [InlineData("boot-1", "boot-2", true)]
    [InlineData("boot-1", null, true)]
    [InlineData(null, "boot-1", true)]
    public void A_machine_that_is_off_for_no_reason_known_runs_again_only_if_its_host_went_down(
        string? ran, string? now, bool runs)
    {
        Hypervisor.Boot = ran;
        StartMachineHost();
        Active();
        AwaitCondition(() => Record.IsOn == true);
        Assert.Equal(ran, Record.RanInBoot);
        StopHost();
        Hypervisor.Boot = now;
        Hypervisor.Happen(Id, PowerState.Stopped, PowerCause.Unknown);
        StartMachineHost();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(runs ? 2 : 1, Hypervisor.Calls("start"));
        AwaitCondition(
            () => (Record.IsOn, Record.RanInBoot) == (runs, runs ? now : null));
    }

    [Fact]
    public void In_which_boot_a_machine_runs_is_written_down_when_it_is_taken_over()
    {
        StartMachineHost();
        Active();
        AwaitCondition(() => Record.IsOn == true);
        StopHost();
        Hypervisor.Boot = "boot-1";
        StartMachineHost();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        AwaitCondition(() => Record.RanInBoot == "boot-1");
        Assert.Equal(1, Hypervisor.Calls("start"));
    }

    [Fact]
    public void A_machine_that_does_not_run_again_keeps_its_disks()
    {
        StartMachineHost();
        Active();
        AwaitCondition(() => Record.IsOn == true);
        StopHost();
        Hypervisor.Machines.Clear();
        Hypervisor.Fail("start", "no such emulator");
        StartMachineHost();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(3, Disk.Disks.Count);
    }

    [Fact]
    public void A_crashed_actor_of_an_instance_takes_its_machine_over()
    {
        StartMachineHost();
        Active();
        Hypervisor.Happen(Id, PowerState.Paused, PowerCause.InputOutput);
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(1, Hypervisor.Calls("start"));
    }

    [Fact]
    public void Disks_of_a_machine_that_runs_are_not_lent()
    {
        StartMachineHost();
        Active();
        Send(new HostProtocol.Offer(Id, Given.Fence(), 1));
        Assert.Contains(
            "stop it first",
            Scheduler.ExpectMsg<SchedulerProtocol.OfferRefused>().Error.Message,
            StringComparison.Ordinal);
    }
}

using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Tests.Hosting;

public sealed class LifeTests : MachineTestKit
{
    private const long GiB = Given.GiB;
    private static readonly Image Other = Given.ImageOf("other", 2);
    private static readonly InstanceChange Rebuild = new InstanceChange.Rebuild(Other);
    private static readonly DiskName Data = DiskName.Data(0);

    private static readonly InstanceChange Attach = new InstanceChange.Attach(
        Data, "/dev/vdd", new BlankSpec(GiB, BlankFileSystem.Ext4));

    private void Started()
    {
        StartMachineHost();
        Active();
        AwaitCondition(() => Record.IsOn == true);
    }

    private void Cancel(ChangeKind kind, int number = 1) =>
        Send(new HostProtocol.CancelChange(Id, Given.Fence(), number, kind));

    [Fact]
    public void A_machine_stops_starts_and_reboots_and_its_record_says_so()
    {
        Started();
        Change(new InstanceChange.Stop(30));
        ExpectChanged();
        Assert.Equal(PowerState.Stopped, Machine!.State);
        Assert.False(Record.IsOn);

        Change(new InstanceChange.Start(), 2);
        ExpectChanged(2);
        Assert.Equal(PowerState.Running, Machine!.State);
        Assert.True(Record.IsOn);

        Change(new InstanceChange.Reboot(0), 3);
        ExpectChanged(3);
        Assert.Equal(
            ["start", "stop", "start", "stop", "start"], Hypervisor.Asked);
    }

    [Fact]
    public void A_machine_that_was_stopped_stays_off_though_its_ending_is_heard_late()
    {
        Started();
        Change(new InstanceChange.Stop(0));
        ExpectChanged();
        Scheduler.IgnoreMessages(m => m is not SchedulerProtocol.PowerChanged
            { Power.Status.State: PowerState.Stopping, Fence.Attempt: > 0 });
        Hypervisor.Happen(Id, PowerState.Stopping, PowerCause.Ended);
        Scheduler.ExpectMsg<SchedulerProtocol.PowerChanged>();
        StopHost();
        Hypervisor.Machines.Clear();

        Scheduler.IgnoreMessages(
            m => m is SchedulerProtocol.HostReport or SchedulerProtocol.BaseProgress
                or SchedulerProtocol.PowerChanged);
        StartMachineHost();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(1, Hypervisor.Calls("start"));
    }

    [Fact]
    public void A_start_that_fails_says_why_and_leaves_the_instance_as_it_was()
    {
        Started();
        Change(new InstanceChange.Stop(0));
        ExpectChanged();
        Hypervisor.Fail("start", "no memory");
        Change(new InstanceChange.Start(), 2);
        Assert.Equal("no memory", ExpectNotChanged(2).Message);
        Assert.False(Record.IsOn);
        Assert.Equal(3, Disk.Disks.Count);
    }

    [Fact]
    public void A_stop_that_waits_for_its_guest_can_be_given_up()
    {
        Started();
        Hypervisor.Hold("stop");
        Change(new InstanceChange.Stop(600));
        AwaitCondition(() => Hypervisor.Calls("stop") == 1);
        Cancel(ChangeKind.Stop);
        Assert.Equal(LaunchErrorCode.Cancelled, ExpectNotChanged().Code);
        Assert.Equal(PowerState.Running, Machine!.State);
    }

    [Fact]
    public void A_stop_by_force_takes_the_place_of_one_that_waits_for_its_guest()
    {
        Started();
        var gate = Hypervisor.Hold("stop");
        Change(new InstanceChange.Stop(600));
        AwaitCondition(() => Hypervisor.Calls("stop") == 1);
        Hypervisor.Heal();
        Change(new InstanceChange.Stop(0), 2);
        ExpectNotChanged();
        ExpectChanged(2);
        Assert.Equal(PowerState.Stopped, Machine!.State);
        gate.SetResult();
    }

    [Fact]
    public void An_instance_that_is_removed_while_it_stops_leaves_nothing()
    {
        Started();
        Hypervisor.Hold("stop");
        Change(new InstanceChange.Stop(600));
        AwaitCondition(() => Hypervisor.Calls("stop") == 1);
        ExpectCleanDiscard();
        Assert.Null(Machine);
    }

    [Fact]
    public void Disks_of_a_machine_that_runs_are_not_changed()
    {
        Started();
        Change(new InstanceChange.Resize(40 * GiB));
        Assert.Contains("stop it first", ExpectNotChanged().Message, StringComparison.Ordinal);
        Assert.Equal(0, Disk.Calls("change"));
    }

    [Fact]
    public void A_rebuild_stops_the_machine_makes_its_root_disk_anew_and_starts_it()
    {
        Started();
        Change(Rebuild);
        var ended = ExpectChanged();
        Assert.Equal(Other.BaseKey(), ended.Disks![0].BackingFile);
        Assert.Equal(Other.Name, Record.Image);
        Assert.Equal(["start", "stop", "start"], Hypervisor.Asked);
        Assert.True(Record.IsOn);
        Assert.False(Record.StartsAfterChange);
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_rebuild_from_the_image_that_it_has_makes_the_disk_anew_once()
    {
        Started();
        Change(new InstanceChange.Rebuild(Given.Image));
        ExpectChanged();
        Assert.Equal(1, Disk.Calls("change"));
        Assert.Equal(13, Record.Disks[0].AllocatedBytes);
        Assert.Equal(Given.Image.BaseKey(), Record.Disks[0].BackingFile);
        AwaitAssert(() =>
        {
            TestScheduler.Advance(TimeSpan.FromSeconds(1));
            Send(new HostProtocol.SayHello());
            var facts = Scheduler.ExpectMsg<SchedulerProtocol.HostHello>().Facts;
            Assert.Equal(1, facts.Bases.Single(b => b.Key == Given.Image.BaseKey()).Clones);
        });
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_rebuild_of_a_machine_that_is_off_leaves_it_off()
    {
        Started();
        Change(new InstanceChange.Stop(0));
        ExpectChanged();
        Change(Rebuild, 2);
        ExpectChanged(2);
        Assert.Equal(PowerState.Stopped, Machine!.State);
    }

    [Fact]
    public void A_rebuild_that_fails_starts_the_machine_again()
    {
        Started();
        Disk.Fail("change", LaunchErrorCode.VolumeDriver);
        Change(Rebuild);
        Assert.Equal("change broke", ExpectNotChanged().Message);
        Assert.Equal(PowerState.Running, Machine!.State);
        Assert.Equal(Given.Image.Name, Record.Image);
        Assert.False(Record.StartsAfterChange);
    }

    [Fact]
    public void A_rebuild_goes_on_after_a_crash_and_the_machine_runs_at_its_end()
    {
        Started();
        Disk.Hold("change");
        Change(Rebuild);
        AwaitCondition(() => Disk.Calls("change") == 1);
        StopHost();
        Disk.Heal();
        StartMachineHost();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        Assert.Equal(1, Hypervisor.Calls("start"));
        Change(Rebuild);
        ExpectChanged();
        Assert.Equal(PowerState.Running, Machine!.State);
        Assert.Equal(Other.Name, Record.Image);
    }

    [Theory]
    [InlineData(true, "copy", "fake://host/copy")]
    [InlineData(false, null, "fake://host/disk")]
    public void An_image_is_made_of_a_disk_whether_its_guest_runs_or_not(
        bool runs, string? copied, string source)
    {
        Started();
        if (!runs)
        {
            Change(new InstanceChange.Stop(0));
            ExpectChanged();
        }

        var name = ImageName.Parse("golden");
        Change(new InstanceChange.Capture(name, Given.Image), 2);
        var image = ExpectChanged(2).Captured!;
        Assert.Equal((name, new Uri(source)), (image.Name, image.Source));
        Assert.Equal(copied is not null, Hypervisor.Asked.Contains("copy"));
        Assert.Equal(image, Record.LastChange!.Captured);
        Assert.Equal(runs, Machine!.IsOn);

        // The same one again is answered by the record.
        Change(new InstanceChange.Capture(name, Given.Image), 2);
        Assert.Equal(image, ExpectChanged(2).Captured);
        Assert.Equal(1, Hypervisor.Calls("capture"));
    }

    [Fact]
    public void A_disk_is_made_and_plugged_in_unplugged_and_removed()
    {
        Started();
        Change(Attach);
        var made = ExpectChanged().Disks![^1];
        Assert.Equal((Data, "/dev/vdd", false), (made.Name, made.Device, made.IsDetached));
        Assert.Contains(Hypervisor.Specs[Id].Disks, d => d.Name == Data && d.Device == "/dev/vdd");

        Change(new InstanceChange.Detach(Data, Delete: false), 2);
        Assert.True(ExpectChanged(2).Disks![^1].IsDetached);
        Assert.DoesNotContain(Hypervisor.Specs[Id].Disks, d => d.Name == Data);
        Assert.Equal(4, Disk.Disks.Count);

        Change(new InstanceChange.Attach(Data, "/dev/vde", null), 3);
        Assert.Equal("/dev/vde", ExpectChanged(3).Disks![^1].Device);

        Change(new InstanceChange.Detach(Data, Delete: true), 4);
        Assert.Equal(3, ExpectChanged(4).Disks!.Count);
        Assert.Equal(3, Disk.Disks.Count);
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_disk_that_cannot_be_plugged_in_is_not_left_behind()
    {
        Started();
        Hypervisor.Fail("attach", "no slot");
        Change(Attach);
        Assert.Equal("no slot", ExpectNotChanged().Message);
        Assert.Equal(3, Disk.Disks.Count);
        Assert.Equal(3, Record.Disks.Count);
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_disk_that_its_guest_does_not_let_go_of_stays()
    {
        Started();
        Change(Attach);
        ExpectChanged();
        Hypervisor.Fail("detach", "the guest has it mounted");
        Change(new InstanceChange.Detach(Data, Delete: true), 2);
        Assert.Equal("the guest has it mounted", ExpectNotChanged(2).Message);
        Assert.False(Record.Disks[^1].IsDetached);
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_machine_that_is_off_gets_its_disk_at_the_next_start()
    {
        Started();
        Change(new InstanceChange.Stop(0));
        ExpectChanged();
        Change(Attach, 2);
        ExpectChanged(2);
        Assert.DoesNotContain("attach", Hypervisor.Asked);
        Change(new InstanceChange.Start(), 3);
        ExpectChanged(3);
        Assert.Equal("/dev/vdd", Hypervisor.Specs[Id].Disks[^1].Device);
    }

    [Fact]
    public void Without_a_hypervisor_no_machine_is_started()
    {
        StartHost();
        Active();
        Change(new InstanceChange.Start());
        Assert.Contains("runs no machines", ExpectNotChanged().Message, StringComparison.Ordinal);
        Change(Attach, 2);
        Assert.Equal(4, ExpectChanged(2).Disks!.Count);
    }
}

using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Tests.Hosting;

/// <summary>Launches by the driver that copies: one disk with partitions, or several, and no base
/// that they need afterwards.</summary>
public sealed class CopiedDiskTests : HostTestKit
{
    private static readonly LaunchSpec Copied = Given.Spec with { Driver = DriverName.Copy };

    [Fact]
    public void Local_storage_that_is_in_the_root_disk_is_no_disk_of_its_own()
    {
        StartHost();
        Prepare(spec: Copied);
        var prepared = ExpectPrepared();
        Assert.Equal(["root", "swap"], Names(prepared));
        Assert.Equal(DiskLayout.Ec2, prepared.Disks[0].Layout);
        Assert.Equal(
            (DiskLayout.Auto, Given.Small.EphemeralDisks[0]),
            (Copies.Root!.Layout, Copies.Root.LocalStorage));
        Assert.Equal(Given.Small.RootDiskBytes, Copies.Root.VirtualSizeBytes);
        Assert.Equal(prepared.Disks, Disk.Records[Given.Id()].Disks);
        ExpectCleanDiscard();
    }

    [Fact]
    public void Local_storage_that_is_not_in_the_root_disk_is_the_second_disk()
    {
        Copies.BasesAreBare = false;
        StartHost();
        Prepare(spec: Copied);
        Assert.Equal(["root", "ephemeral0", "swap"], Names(ExpectPrepared()));
        ExpectCleanDiscard();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Further_local_disks_are_made_whatever_the_root_disk_became(bool isBare)
    {
        Copies.BasesAreBare = isBare;
        StartHost();
        var blank = new BlankSpec(Given.GiB, BlankFileSystem.Xfs);
        Prepare(spec: Copied with
        {
            Flavor = Given.Small with { EphemeralDisks = [blank, blank] },
        });
        Assert.Equal(
            isBare ? "root, ephemeral1, swap" : "root, ephemeral0, ephemeral1, swap",
            string.Join(", ", Names(ExpectPrepared())));
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_copy_pins_its_base_while_it_is_made_and_not_afterwards()
    {
        StartHost();
        var key = Given.Image.BaseKey();
        List<int> clones = [];
        Scheduler.IgnoreMessages(m =>
        {
            if (m is SchedulerProtocol.BaseProgress { Base: { State: BaseState.Ready } b }
                && b.Key == key)
            {
                clones.Add(b.Clones);
            }

            return m is SchedulerProtocol.BaseProgress or SchedulerProtocol.HostReport;
        });
        var gate = Disk.Hold("clone");
        Prepare(spec: Copied);
        AwaitCondition(() => Disk.Calls("clone") == 2);
        TestScheduler.Advance(TimeSpan.FromSeconds(1));
        AwaitCondition(() => clones is [.., 1]);
        gate.SetResult();
        ExpectPrepared();
        TestScheduler.Advance(TimeSpan.FromSeconds(1));
        AwaitCondition(() => clones is [.., 0]);
        ExpectCleanDiscard();
    }

    [Theory]
    [InlineData("clone")]
    [InlineData("save")]
    public void A_copy_taken_back_in_the_middle_leaves_nothing(string step)
    {
        StartHost();
        var gate = Disk.Hold(step);
        Prepare(spec: Copied);
        AwaitCondition(() => Disk.Calls(step) > 0);
        AwaitIdle();
        Discard();
        AwaitIdle();
        gate.TrySetResult();
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.True(Disk.HasNoInstances);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_copy_that_fails_is_undone_whichever_disk_it_is(bool isBare)
    {
        Copies.BasesAreBare = isBare;
        StartHost();
        for (var failing = 1; failing <= (isBare ? 2 : 3); failing++)
        {
            var left = failing;
            var failure = new PortException(
                new LaunchError(LaunchErrorCode.InsufficientStorage, "full", true));
            Disk.OnCall = step => step == "clone" && --left == 0
                ? Task.FromException(failure)
                : Task.CompletedTask;
            Prepare(attempt: failing, spec: Copied);
            Assert.Equal(LaunchErrorCode.InsufficientStorage, ExpectFailed().Code);
            Assert.True(Disk.HasNoInstances, $"the {failing}th disk failed: {Disk.Disks.Count} left");
        }
    }

    [Fact]
    public void A_copy_is_found_after_a_restart_and_removed_without_its_base()
    {
        StartHost();
        Prepare(spec: Copied);
        var prepared = ExpectPrepared();
        StopHost();
        Disk.Bases.Clear();
        Disk.Disks.Remove((Given.Id(), DiskName.Swap), out _);
        Disk.Records[Given.Id()] = Disk.Records[Given.Id()] with { Disks = [prepared.Disks[0]] };

        var facts = StartHost();

        Assert.Equal(InstanceState.Prepared, Assert.Single(facts.Instances).State);
        Prepare(spec: Copied);
        Assert.Equal(["root"], Names(ExpectPrepared()));
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_long_copy_says_how_far_it_is()
    {
        Copies.Progress = 7;
        StartHost();
        var gate = Disk.Hold("clone");
        Prepare(spec: Copied with { Flavor = Given.Tiny });
        var said = Scheduler.ExpectMsg<SchedulerProtocol.InstanceProgress>();
        Assert.Equal(
            new LaunchProgress("copying disk root", 7, Given.Image.VirtualSizeBytes),
            said.Progress);
        gate.SetResult();
        ExpectPrepared();
    }

    [Fact]
    public void A_report_counts_what_copies_take()
    {
        StartHost();
        Active(Copied);
        TestScheduler.Advance(TimeSpan.FromSeconds(6));
        Scheduler.IgnoreMessages(m => m is SchedulerProtocol.BaseProgress);
        TestScheduler.Advance(TimeSpan.FromSeconds(6));
        Scheduler.FishForMessage<SchedulerProtocol.HostReport>(r => r.Usage.DiskBytes == 24);
    }

    [Fact]
    public void A_host_without_the_driver_says_so()
    {
        StartHost();
        Prepare(spec: Given.Spec with { Driver = DriverName.LvmThin });
        Assert.Contains("lvm-thin", ExpectFailed().Message);
        Assert.True(Disk.HasNoInstances);
    }

    [Fact]
    public void A_kernel_and_a_ramdisk_are_fetched_once_and_kept_with_the_record()
    {
        StartHost();
        var spec = Given.Spec with
        {
            Image = Given.Image with { KernelArguments = "ro quiet" },
            Flavor = Given.Tiny,
            Kernel = Given.ImageOf("vmlinuz", 8) with { Format = DiskFormat.Aki },
            Ramdisk = Given.ImageOf("initrd", 9) with { Format = DiskFormat.Ari },
        };
        Prepare("vm-1", spec: spec);
        Prepare("vm-2", spec: spec);
        Assert.Equal(["root", "kernel", "ramdisk"], Names(ExpectPrepared()));
        ExpectPrepared();
        Assert.Equal((3, 3), (Disk.Calls("fetch"), Disk.Calls("build")));
        Assert.True(Disk.Bases.ContainsKey(spec.Kernel.BaseKey()));
        Assert.Equal("ro quiet", Disk.Records[Given.Id()].KernelArguments);

        // Another name of the base's file is whole without the base.
        StopHost();
        Disk.Bases.Remove(spec.Kernel.BaseKey(), out _);
        Assert.All(
            StartHost().Instances, i => Assert.Equal(InstanceState.Prepared, i.State));
        Discard("vm-2");
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        ExpectCleanDiscard();
    }

    private static IEnumerable<string> Names(SchedulerProtocol.Prepared prepared) =>
        prepared.Disks.Select(d => d.Name.Value);

    private void Active(LaunchSpec spec)
    {
        Prepare(spec: spec);
        ExpectPrepared();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
    }
}

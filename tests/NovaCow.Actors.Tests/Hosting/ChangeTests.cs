using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Tests.Hosting;

public sealed class ChangeTests : HostTestKit
{
    private const long GiB = Given.GiB;
    private static readonly InstanceChange Flatten = new InstanceChange.Flatten();
    private static readonly Image Other = Given.ImageOf("other", 2);
    private static readonly InstanceId Id = Given.Id();

    public ChangeTests() => Scheduler.IgnoreMessages(m => m is SchedulerProtocol.HostReport
        or SchedulerProtocol.BaseProgress or SchedulerProtocol.ChangeProgressed);

    private InstanceDisk Root => Disk.Records[Id].Disks[0];

    private void Change(InstanceChange what, int number = 1, string id = "vm-1", long epoch = 1) =>
        Send(new HostProtocol.Change(Given.Id(id), Given.Fence(epoch), number, what));

    private void Cancel(int number = 1, ChangeKind kind = ChangeKind.Flatten) =>
        Send(new HostProtocol.CancelChange(Id, Given.Fence(), number, kind));

    private SchedulerProtocol.EndedChange ExpectChanged(int number = 1)
    {
        var ended = Scheduler.ExpectMsg<SchedulerProtocol.Changed>().Ended;
        Assert.Equal(number, ended.Number);
        return ended;
    }

    private LaunchError ExpectNotChanged(int number = 1)
    {
        var failed = Scheduler.ExpectMsg<SchedulerProtocol.ChangeFailed>();
        Assert.Equal(number, failed.Ended.Number);
        return failed.Error;
    }

    private void ExpectClones(BaseKey key, int count)
    {
        // Bases tell of their clones a moment later.
        AwaitAssert(() =>
        {
            TestScheduler.Advance(TimeSpan.FromSeconds(1));
            Send(new HostProtocol.SayHello());
            var facts = Scheduler.ExpectMsg<SchedulerProtocol.HostHello>().Facts;
            Assert.Equal(
                count, facts.Bases.SingleOrDefault(b => b.Key == key)?.Clones ?? 0);
        });
    }

    [Fact]
    public void A_root_disk_grows_and_its_record_says_so()
    {
        StartHost();
        Active();
        Change(new InstanceChange.Resize(40 * GiB));
        Assert.Equal(40 * GiB, ExpectChanged().Disks![0].VirtualSizeBytes);
        Assert.Equal(40 * GiB, Root.VirtualSizeBytes);
        Assert.Equal(Given.Image.BaseKey(), Root.BackingFile);
        Assert.Equal(1, Disk.Calls("change"));
        ExpectClones(Given.Image.BaseKey(), 1);
    }

    [Fact]
    public void A_flattened_instance_pins_no_base_and_is_removed_without_a_trace()
    {
        StartHost();
        Active();
        Change(Flatten);
        var ended = ExpectChanged();
        Assert.All(ended.Disks!, d => Assert.Null(d.BackingFile));
        Assert.Equal(new ChangeBytes(3 * 12, 3 * 1_012), ended.Bytes);
        Assert.All(Disk.Records[Id].Disks, d => Assert.Null(d.BackingFile));
        foreach (var key in Disk.Bases.Keys)
            ExpectClones(key, 0);

        // What no base owns can still grow.
        Change(new InstanceChange.Resize(40 * GiB), 2);
        Assert.Equal(40 * GiB, ExpectChanged(2).Disks![0].VirtualSizeBytes);
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_rebase_has_the_base_made_first_and_moves_the_reference()
    {
        StartHost();
        Active();
        var gate = Disk.Hold("change");
        Change(new InstanceChange.Rebase(Other));
        AwaitCondition(() => Disk.Calls("change") == 1);
        Assert.Equal(2, Disk.Calls("fetch"));
        ExpectClones(Other.BaseKey(), 1);
        ExpectClones(Given.Image.BaseKey(), 1);
        gate.SetResult();
        ExpectChanged();
        Assert.Equal(Other.BaseKey(), Root.BackingFile);
        ExpectClones(Other.BaseKey(), 1);
        ExpectClones(Given.Image.BaseKey(), 0);
        Disk.Heal();
        ExpectCleanDiscard();
        ExpectClones(Other.BaseKey(), 0);
    }

    [Fact]
    public void A_copy_becomes_a_clone_of_another_driver_and_its_old_file_goes_last()
    {
        StartHost();
        ActiveCopy();
        List<string> order = [];
        Disk.OnCall = step =>
        {
            order.Add(step);
            return Task.CompletedTask;
        };
        Change(new InstanceChange.Migrate("qcow2", Given.Image));
        ExpectChanged();
        Assert.Equal(
            ["measure", "change", "save", "delete-disk", "measure", "save"], order);
        Assert.Equal(("qcow2", Given.Image.BaseKey()), (Root.Driver, Root.BackingFile));
        Assert.Empty(Disk.RawDisks);
        ExpectClones(Given.Image.BaseKey(), 1);
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_copy_becomes_a_clone_where_it_is()
    {
        StartHost();
        ActiveCopy();
        Change(new InstanceChange.Migrate("reflink", Given.Image));
        ExpectChanged();
        Assert.Equal(("reflink", "raw"), (Root.Driver, Root.Format));
        Assert.Equal(0, Disk.Calls("delete-disk"));
        ExpectCleanDiscard();
    }

    // Copies are launched in another piece; here one is put on the disk as a start finds it.
    private void ActiveCopy()
    {
        Prepare(spec: Given.Spec with { Flavor = Given.Tiny });
        ExpectPrepared();
        StopHost();
        var record = Disk.Records[Id];
        var copy = record.Disks[0] with
        {
            BackingFile = null,
            Driver = DriverName.Copy,
            Format = "raw",
            Path = Path.ChangeExtension(record.Disks[0].Path, "raw"),
        };
        Disk.Disks.Clear();
        Disk.RawDisks[(Id, DiskName.Root)] = copy;
        Disk.Records[Id] = record with { Disks = [copy] };
        StartHost();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
    }

    [Fact]
    public void A_change_asked_for_again_is_done_once_and_answered_again_even_by_a_new_process()
    {
        StartHost();
        Active();
        var gate = Disk.Hold("change");
        Change(Flatten);
        Change(Flatten);
        AwaitCondition(() => Disk.Calls("change") == 1);
        gate.SetResult();
        ExpectChanged();
        Change(Flatten);
        ExpectChanged();
        Assert.Equal(3, Disk.Calls("change"));
        Scheduler.ExpectNoMsg(TimeSpan.FromMilliseconds(1));

        StopHost();
        StartHost();
        Change(Flatten);
        Assert.NotNull(ExpectChanged().Bytes);
        Change(new InstanceChange.Rebase(Other), number: 0);
        Scheduler.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
        Assert.Equal(3, Disk.Calls("change"));
    }

    [Fact]
    public void A_failure_is_said_again_and_not_tried_again_and_the_next_change_works()
    {
        StartHost();
        Active();
        Change(new InstanceChange.Resize(1L << 50));
        var error = ExpectNotChanged();
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Code);
        Change(new InstanceChange.Resize(1L << 50));
        Assert.Equal(error, ExpectNotChanged());
        Change(new InstanceChange.Resize(20 * GiB), 2);
        ExpectChanged(2);
        ExpectClones(Given.Image.BaseKey(), 1);
    }

    [Fact]
    public void A_rebase_whose_base_cannot_be_made_leaves_everything_as_it_was()
    {
        StartHost();
        Active();
        Disk.Fail("fetch", LaunchErrorCode.ImageSource);
        Change(new InstanceChange.Rebase(Other));
        Assert.Equal(LaunchErrorCode.ImageSource, ExpectNotChanged().Code);
        Assert.Equal(Given.Image.BaseKey(), Root.BackingFile);
        ExpectClones(Given.Image.BaseKey(), 1);
    }

    [Theory]
    [InlineData("fetch")]
    [InlineData("change")]
    public void A_cancelled_rebase_leaves_the_disk_with_its_base(string step)
    {
        StartHost();
        Active();
        Disk.Hold(step);
        Change(new InstanceChange.Rebase(Other));
        AwaitCondition(() => Disk.Calls(step) == (step == "fetch" ? 2 : 1));
        Cancel(kind: ChangeKind.Rebase);
        Assert.Equal(LaunchErrorCode.Cancelled, ExpectNotChanged().Code);
        Assert.Equal(Given.Image.BaseKey(), Root.BackingFile);
        Disk.Heal();
        ExpectClones(Given.Image.BaseKey(), 1);
        Cancel(kind: ChangeKind.Rebase);
        ExpectNotChanged();
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_cancellation_that_comes_first_keeps_the_change_from_beginning()
    {
        StartHost();
        Active();
        Cancel();
        ExpectNotChanged();
        Change(Flatten);
        ExpectNotChanged();
        Assert.Equal(0, Disk.Calls("change"));
    }

    [Fact]
    public void A_newer_change_takes_the_place_of_one_under_way()
    {
        StartHost();
        Active();
        Disk.Hold("change");
        Change(Flatten);
        AwaitCondition(() => Disk.Calls("change") == 1);
        Disk.Heal();
        Change(new InstanceChange.Resize(20 * GiB), 2);
        Assert.Equal(LaunchErrorCode.Cancelled, ExpectNotChanged().Code);
        ExpectChanged(2);
    }

    [Theory]
    [InlineData("measure")]
    [InlineData("change")]
    [InlineData("save")]
    public void An_instance_deleted_while_its_disks_change_leaves_nothing(string step)
    {
        StartHost();
        Active();
        var before = Disk.Calls(step);
        var gate = Disk.Hold(step);
        Change(new InstanceChange.Rebase(Other));
        AwaitCondition(() => Disk.Calls(step) > before);
        Discard();
        AwaitIdle();
        gate.TrySetResult();
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.True(Disk.HasNoInstances);
        Disk.Heal();
        ExpectClones(Given.Image.BaseKey(), 0);
        ExpectClones(Other.BaseKey(), 0);
    }

    [Fact]
    public void A_copy_deleted_while_it_becomes_a_clone_leaves_neither_file()
    {
        StartHost();
        ActiveCopy();
        var saves = Disk.Calls("save");
        Disk.Fail("save", LaunchErrorCode.VolumeDriver);
        Change(new InstanceChange.Migrate("qcow2", Given.Image));
        AwaitCondition(() => Disk.Calls("save") > saves);
        AwaitIdle();
        Assert.Equal((1, 1), (Disk.Disks.Count, Disk.RawDisks.Count));
        Discard();
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.True(Disk.HasNoInstances);
    }

    [Fact]
    public void A_record_that_cannot_be_published_is_tried_until_it_is()
    {
        StartHost();
        Active();
        Disk.Fail("save", LaunchErrorCode.InsufficientStorage);
        Change(new InstanceChange.Resize(20 * GiB));
        AwaitCondition(() => Disk.Calls("save") == 2);
        AwaitIdle();
        Scheduler.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
        Disk.Heal();
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        ExpectChanged();
        Assert.Equal(1, Disk.Calls("change"));
    }

    [Fact]
    public void Only_so_many_instances_change_at_a_time()
    {
        StartHost(new HostLimits { MaxChanges = 2 });
        foreach (var id in (string[])["vm-1", "vm-2", "vm-3"])
            Active(id);
        var gate = Disk.Hold("change");
        foreach (var id in (string[])["vm-1", "vm-2", "vm-3"])
            Change(new InstanceChange.Resize(20 * GiB), id: id);
        AwaitCondition(() => Disk.Calls("change") == 2);
        AwaitIdle();
        Assert.Equal(2, Disk.Calls("change"));
        gate.SetResult();
        for (var i = 0; i < 3; i++)
            ExpectChanged();
    }

    [Fact]
    public void Flattening_is_refused_with_figures_where_its_bytes_do_not_fit()
    {
        StartHost(new HostLimits { SpaceMarginBytes = 2_500 });
        Active();
        Disk.Space = new StoreSpace(1L << 40, 5_000);
        Change(Flatten);
        var error = ExpectNotChanged();
        Assert.Equal(LaunchErrorCode.InsufficientStorage, error.Code);
        // Three bases, and beside them the largest disk.
        Assert.Contains("3012", error.Message);
        Assert.Contains("2500", error.Message);
        Assert.Equal(0, Disk.Calls("change"));

        Disk.Space = new StoreSpace(1L << 40, 5_512);
        Change(Flatten, 2);
        ExpectChanged(2);
        Assert.Equal(3, Disk.Calls("change"));
    }

    [Fact]
    public void Progress_is_told_with_the_bytes_of_all_disks()
    {
        StartHost();
        Active();
        Scheduler.IgnoreMessages(m => m is SchedulerProtocol.HostReport
            or SchedulerProtocol.BaseProgress);
        var gate = Disk.Hold("change");
        Change(Flatten);
        var progress = Scheduler.ExpectMsg<SchedulerProtocol.ChangeProgressed>();
        var root = Given.Small.RootDiskBytes;
        var all = root + Given.Small.EphemeralDisks[0].SizeBytes + Given.Small.SwapBytes;
        Assert.Equal((1, new ChangeProgress(root / 2, all)), (progress.Number, progress.Progress));
        gate.SetResult();
        Scheduler.FishForMessage<SchedulerProtocol.Changed>(_ => true);
    }

    [Fact]
    public void Disks_that_cannot_be_measured_are_changed_all_the_same()
    {
        StartHost();
        Active();
        Disk.Fail("measure", LaunchErrorCode.VolumeDriver);
        Change(Flatten);
        Assert.Null(ExpectChanged().Bytes);
    }

    [Fact]
    public void A_driver_that_crashes_fails_the_change_and_the_disk_keeps_its_base()
    {
        StartHost();
        Active();
        Disk.Crash("change");
        Change(Flatten);
        Assert.Equal(LaunchErrorCode.VolumeDriver, ExpectNotChanged().Code);
        Disk.Heal();
        ExpectClones(Given.Image.BaseKey(), 1);
        Change(Flatten, 2);
        ExpectChanged(2);
        ExpectCleanDiscard();
    }

    [Fact]
    public void Changes_of_deposed_leaders_and_other_attempts_are_refused()
    {
        StartHost();
        Prepare(epoch: 5, attempt: 2);
        ExpectPrepared();
        Change(Flatten, epoch: 5);
        Send(new HostProtocol.Change(Id, Given.Fence(4, 2), 1, Flatten));
        Send(new HostProtocol.Change(Given.Id("nobody"), Given.Fence(5), 1, Flatten));
        Scheduler.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
        Send(new HostProtocol.Change(Id, Given.Fence(6, 2), 1, Flatten));
        ExpectChanged();
    }

    [Theory]
    [InlineData("change")]
    [InlineData("save")]
    public void A_change_goes_on_where_it_was_when_its_host_crashed(string step)
    {
        StartHost();
        Active();
        var before = Disk.Calls(step);
        var gate = Disk.Hold(step);
        Change(Flatten);
        AwaitCondition(() => Disk.Calls(step) > before);
        StopHost();
        gate.TrySetCanceled();
        Disk.Heal();

        StartHost();
        Change(Flatten);
        ExpectChanged();
        Assert.All(Disk.Records[Id].Disks, d => Assert.Null(d.BackingFile));
        foreach (var key in Disk.Bases.Keys)
            ExpectClones(key, 0);
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_start_believes_a_disk_more_than_the_record_and_publishes_that_anew()
    {
        StartHost();
        Active();
        StopHost();
        var flat = Root with { BackingFile = null, VirtualSizeBytes = 77 * GiB };
        Disk.Disks[(Id, DiskName.Root)] = flat;

        var facts = StartHost();

        Assert.Equal(flat, Root);
        Assert.Equal(0, facts.Bases.Single(b => b.Key == Given.Image.BaseKey()).Clones);
        Assert.Single(facts.Instances);
        StopHost();
        var saves = Disk.Calls("save");
        StartHost();
        Assert.Equal(saves, Disk.Calls("save"));
    }

    [Fact]
    public void A_start_whose_store_takes_no_record_goes_on_with_what_the_disk_says()
    {
        StartHost();
        Active();
        StopHost();
        Disk.Disks[(Id, DiskName.Root)] = Root with { BackingFile = null };
        Disk.Fail("save", LaunchErrorCode.InsufficientStorage);
        Assert.Single(StartHost().Instances);
        Disk.Heal();
        Change(new InstanceChange.Resize(20 * GiB));
        Assert.Null(ExpectChanged().Disks![0].BackingFile);
        Assert.Null(Root.BackingFile);
    }
}

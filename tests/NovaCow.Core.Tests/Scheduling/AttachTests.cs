using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class AttachTests
{
    private static readonly DiskName Data0 = DiskName.Data(0);

    private static ChangeRequest New(
        long bytes = Given.GiB, BlankFileSystem fileSystem = BlankFileSystem.Ext4) =>
        new ChangeRequest.Attach(null, new BlankSpec(bytes, fileSystem));

    private static ChangeRequest Again(DiskName disk) => new ChangeRequest.Attach(disk, null);

    private static ChangeRequest Detach(DiskName disk, bool delete = false) =>
        new ChangeRequest.Detach(disk, delete);

    private static InstanceDisk Made(InstanceChange.Attach attach) => new()
    {
        Name = attach.Disk,
        BackingFile = BaseKey.Of(attach.Blank!),
        VirtualSizeBytes = attach.Blank!.SizeBytes,
        AllocatedBytes = 1,
        Path = $"/vm/{attach.Disk}.qcow2",
        Format = "qcow2",
        Device = attach.Device,
    };

    private static InstanceDisk Attached(OneMachine vm, params InstanceDisk[] before)
    {
        var disk = Made((InstanceChange.Attach)vm.Accepted(New()));
        vm.End(null, [OneMachine.Root, .. before, disk]);
        return disk;
    }

    [Fact]
    public void A_new_disk_gets_the_first_free_name_and_letter_and_a_label_of_its_own()
    {
        var vm = new OneMachine();
        var blank = new BlankSpec(Given.GiB, BlankFileSystem.Ext4)
        {
            Label = VolumeLabel.Parse("data0"),
        };
        Assert.Equal(new InstanceChange.Attach(Data0, "/dev/vdb", blank), vm.Accepted(New()));
        vm.Answered(New());
        vm.End(null, [OneMachine.Root, Made(new(Data0, "/dev/vdb", blank))]);
        Assert.Equal("/dev/vdb", vm.Info.Disks[1].Device);

        var second = (InstanceChange.Attach)vm.Accepted(New());
        Assert.Equal((DiskName.Data(1), "/dev/vdc"), (second.Disk, second.Device));
    }

    [Fact]
    public void A_disk_that_was_detached_keeps_its_room_and_comes_back_where_it_was()
    {
        var vm = new OneMachine();
        var first = Attached(vm);
        var second = Attached(vm, first);
        vm.Answered(Again(Data0));
        vm.Done(Detach(Data0), [OneMachine.Root, first with { IsDetached = true }, second]);
        Assert.True(vm.Info.Disks[1].IsDetached);
        Assert.Equal(3 * Given.GiB, vm.ClaimedDiskBytes);
        vm.Answered(Detach(Data0));
        Assert.Equal(
            new InstanceChange.Attach(Data0, "/dev/vdb", null), vm.Accepted(Again(Data0)));
        vm.Answered(Again(Data0));
    }

    [Fact]
    public void A_letter_that_another_disk_took_meanwhile_is_not_taken_from_it()
    {
        var vm = new OneMachine();
        var first = Attached(vm);
        vm.Done(Detach(Data0), [OneMachine.Root, first with { IsDetached = true }]);
        var second = (InstanceChange.Attach)vm.Accepted(New());
        Assert.Equal((DiskName.Data(1), "/dev/vdb"), (second.Disk, second.Device));
        vm.End(null, [OneMachine.Root, first with { IsDetached = true }, Made(second)]);
        Assert.Equal(
            "/dev/vdc", ((InstanceChange.Attach)vm.Accepted(Again(Data0))).Device);
    }

    [Fact]
    public void Room_is_held_from_the_request_on_and_given_back_by_failure_and_deletion()
    {
        var vm = new OneMachine();
        vm.Accepted(New(2 * Given.GiB));
        Assert.Equal(3 * Given.GiB, vm.ClaimedDiskBytes);
        vm.End(Given.Error(false), [OneMachine.Root]);
        Assert.Equal(Given.GiB, vm.ClaimedDiskBytes);
        Attached(vm);
        Assert.Equal(2 * Given.GiB, vm.ClaimedDiskBytes);
        vm.Done(Detach(Data0, delete: true), [OneMachine.Root]);
        Assert.Equal(Given.GiB, vm.ClaimedDiskBytes);
        vm.Answered(Detach(Data0, delete: true));
        vm.Refused(RequestErrorCode.CannotChange, Detach(Data0), "no disk data0", "it has none");
        Assert.Equal(Data0, ((InstanceChange.Attach)vm.Accepted(New())).Disk);
    }

    [Fact]
    public void A_disk_is_refused_with_its_figures()
    {
        var vm = new OneMachine(
            capacity: new HostCapacity(1_000, 1_000 * Given.GiB, Given.GiB));
        vm.Refused(RequestErrorCode.InvalidRequest, New(1000), "1048576");
        vm.Refused(RequestErrorCode.InvalidRequest, New((1 << 20) + 1), "512");
        vm.Refused(RequestErrorCode.InvalidRequest, New(-1), "-1");
        vm.Refused(RequestErrorCode.InvalidRequest, New(1 << 20, BlankFileSystem.Xfs), "XFS");
        vm.Refused(RequestErrorCode.InvalidRequest, New(1 << 20, BlankFileSystem.Swap), "flavor");
        vm.Refused(RequestErrorCode.NoRoom, New(10 * Given.GiB), $"{10 * Given.GiB}");
        vm.Refused(
            RequestErrorCode.InvalidRequest, new ChangeRequest.Attach(null, null),
            "one of the two");
        vm.Accepted(New(9 * Given.GiB));
    }

    [Fact]
    public void An_instance_has_a_bounded_number_of_further_disks()
    {
        var vm = new OneMachine();
        List<InstanceDisk> disks = [];
        for (var i = 0; i < DiskName.MaxData; i++)
            disks.Add(Attached(vm, [.. disks]));
        Assert.Equal("/dev/vdi", disks[^1].Device);
        vm.Refused(RequestErrorCode.CannotChange, New(), "8 further disks");
    }

    [Theory]
    [InlineData("root", "belongs to it since its launch")]
    [InlineData("swap", "belongs to it since its launch")]
    [InlineData("data3", "no disk data3")]
    public void Only_what_was_attached_later_is_detached_or_attached(string disk, string says)
    {
        var vm = new OneMachine();
        vm.Refused(RequestErrorCode.CannotChange, Detach(DiskName.Parse(disk)), says);
        vm.Refused(RequestErrorCode.CannotChange, Again(DiskName.Parse(disk)), says);
    }

    [Fact]
    public void An_instance_takes_its_further_disks_along_when_it_moves()
    {
        var vm = new OneMachine();
        var disk = Attached(vm);
        vm.Done(Detach(Data0), [OneMachine.Root, disk with { IsDetached = true }]);
        vm.Core.Hello(
            Given.Facts("b") with { Hypervisor = OneMachine.Kvm, Address = "b" }, Given.Start);
        vm.Core.Move(OneMachine.Id, new MoveRequest(Given.Host("b"), null), OneMachine.At(10));
        Assert.Equal(2 * Given.GiB, vm.Core.State.ClaimsOf(Given.Host("b")).DiskBytes);
        var receive = (SchedulerEffect.Receive)vm.Core.Offered(
            OneMachine.A, OneMachine.Id, OneMachine.Fence, (1, "token")).Effects.Single();
        var moved = receive.Order.Disks[1];
        Assert.Equal((Data0, "/dev/vdb", true), (moved.Name, moved.Device, moved.IsDetached));
        Assert.Equal(disk.BackingFile, moved.Base.Key());
    }
}

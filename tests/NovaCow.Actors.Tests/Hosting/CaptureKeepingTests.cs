using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Tests.Hosting;

/// <summary>A host says which captured images it holds, and removes those that it is told to.
/// </summary>
public sealed class CaptureKeepingTests : MachineTestKit
{
    public CaptureKeepingTests() => Scheduler.IgnoreMessages(
        m => m is SchedulerProtocol.HostReport or SchedulerProtocol.BaseProgress
            or SchedulerProtocol.ChangeProgressed or SchedulerProtocol.PowerChanged
            or SchedulerProtocol.Changed);

    [Fact]
    public void What_was_captured_is_told_and_removed_when_nobody_needs_it()
    {
        var held = Captured();
        var image = Assert.Single(held.Images);
        Assert.Equal((Given.Image.Digest, 100), (image.Digest, image.SizeBytes));
        Drop(held.Number);
        Assert.Empty(Held().Images);
        Assert.Empty(Hypervisor.Captured);
    }

    [Fact]
    public void Each_scheduler_that_welcomes_the_host_is_told_what_it_holds()
    {
        Captured();
        Send(new HostProtocol.Welcome(2, []));
        Assert.Single(Held().Images);
        StopHost();
        StartMachineHost();
        Assert.Single(Held().Images);
    }

    [Fact]
    public void An_order_of_before_another_capture_is_passed_over_and_the_scheduler_told()
    {
        var before = Captured();
        Capture(number: 2);
        AwaitCondition(() => Record.LastChange?.Number == 2);
        Drop(before.Number);
        var now = Held();
        Assert.NotEqual(before.Number, now.Number);
        Assert.Single(now.Images);
        Drop(now.Number);
        Assert.Empty(Held().Images);
    }

    [Fact]
    public void A_deposed_scheduler_has_nothing_removed()
    {
        Captured();
        Send(new HostProtocol.Welcome(2, []));
        var held = Held();
        Drop(held.Number, epoch: 1);
        Send(new HostProtocol.Welcome(2, []));
        Assert.Single(Held().Images);
        Assert.Equal(0, Hypervisor.Calls("drop"));
    }

    [Fact]
    public void What_cannot_be_removed_is_tried_at_the_next_order()
    {
        var held = Captured();
        Hypervisor.Fail("drop", "no");
        Drop(held.Number);
        AwaitCondition(() => Hypervisor.Calls("drop") == 1);
        Hypervisor.Heal();
        Drop(held.Number);
        Assert.Empty(Held().Images);
    }

    [Fact]
    public void What_another_cluster_had_captured_is_neither_told_nor_removed()
    {
        var old = new HeldCapture(Given.Image.Digest, 1) { Cluster = "old" };
        Hypervisor.Captured[old.Digest] = old;
        StartMachineHost();
        Assert.Single(Held().Images);
        Send(new HostProtocol.Welcome(1, []) { Cluster = "new" });
        Drop(0, epoch: 1);
        Assert.Empty(Held().Images);
        Assert.Equal(0, Hypervisor.Calls("drop"));
        Send(new HostProtocol.Welcome(1, []) { Cluster = "old" });
        Drop(Held().Number);
        Assert.Empty(Held().Images);
        Assert.Empty(Hypervisor.Captured);
    }

    private HeldCaptures Captured()
    {
        StartMachineHost();
        Active();
        AwaitCondition(() => Record.IsOn == true);
        Capture(number: 1);
        return Held();
    }

    private void Capture(int number) =>
        Change(new InstanceChange.Capture(ImageName.Parse("golden"), Given.Image), number);

    private HeldCaptures Held() => Scheduler.ExpectMsg<SchedulerProtocol.CapturesHeld>().Held;

    private void Drop(long number, long epoch = 2) =>
        Send(new HostProtocol.DropCaptures(epoch, number, [Given.Image.Digest]));
}

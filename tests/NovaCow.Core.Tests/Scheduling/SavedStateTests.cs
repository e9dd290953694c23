using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class SavedStateTests
{
    private static readonly InstanceDisk Root = new()
    {
        Name = DiskName.Root,
        BackingFile = Given.Image().BaseKey(),
        VirtualSizeBytes = Given.GiB,
        AllocatedBytes = 196_616,
        Path = "/instances/vm-1/root.qcow2",
        Format = "qcow2",
    };

    [Fact]
    public void Everything_that_a_launch_knows_is_saved() => Assert.Equal(
        Members(typeof(Launch)), Members(typeof(SchedulerSnapshot.SavedLaunch)));

    [Fact]
    public void Disks_of_two_instances_share_all_but_the_id()
    {
        var one = DiskShape.Of(Given.Id("vm-1"), [Root])!;
        var path = "/instances/vm-2/root.qcow2";
        var other = DiskShape.Of(Given.Id("vm-2"), [Root with { Path = path }])!;

        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.Equal([Root], new InstanceDiskList(Given.Id("vm-1"), other));
        Assert.Equal(path, new InstanceDiskList(Given.Id("vm-2"), one).Single().Path);
    }

    [Fact]
    public void Disks_elsewhere_or_of_another_size_have_another_shape()
    {
        var shape = DiskShape.Of(Given.Id("vm-1"), [Root]);
        foreach (var other in (InstanceDisk[])
        [
            Root with { Path = "/elsewhere/vm-1/root.qcow2" },
            Root with { Path = "/instances/another/root.qcow2" },
            Root with { AllocatedBytes = 1 },
            Root with { BackingFile = null },
        ])
        {
            Assert.NotEqual(shape, DiskShape.Of(Given.Id("vm-1"), [other]));
        }
    }

    [Fact]
    public void A_path_that_has_the_mark_of_the_id_is_kept_as_it_is()
    {
        var odd = Root with { Path = "/instances/\0/vm-1" };
        Assert.Null(DiskShape.Of(Given.Id("vm-1"), [odd]));
    }

    [Fact]
    public void What_was_captured_stays_as_it_was_when_launches_go_on()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("vm-1", "vm-2");
        var saved = core.State.ToSnapshot();
        core.Delete(Given.Id("vm-1"), Given.Start);
        core.Launch("vm-3");

        var restored = new SchedulerState(new SchedulerLimits());
        restored.Restore(saved);

        Assert.Equal(["vm-1", "vm-2"], restored.After(null).Select(l => l.Id.Value));
        Assert.All(restored.Launches.Values, l => Assert.Equal(LaunchPhase.Placed, l.Phase));
    }

    private static IEnumerable<string> Members(Type type) =>
        type.GetProperties().Select(p => p.Name).Order(StringComparer.Ordinal);
}

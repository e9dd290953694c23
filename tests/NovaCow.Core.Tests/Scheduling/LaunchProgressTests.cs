using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class LaunchProgressTests
{
    private static readonly HostId A = Given.Host("a");
    private static readonly InstanceId Vm = Given.Id("vm-1");
    private static readonly LaunchProgress Half = new("copying disk root", 5, 10);
    private static readonly LaunchFence First = new(1, 1);

    private readonly SchedulerCore _core = Given.Scheduler(null, "a", "b");

    public LaunchProgressTests() => _core.Launch("vm-1");

    private LaunchProgress? Progress => _core.Find(Vm, Given.Start)!.Progress;

    [Fact]
    public void A_placed_launch_says_which_base_it_waits_for_and_how_far_that_is()
    {
        Assert.Null(Progress);
        var making = Given.Base(Given.Image(), BaseState.Creating) with
        {
            Step = BaseStep.Fetching,
            DoneBytes = 7,
            TotalBytes = 70,
        };
        _core.BaseChanged(A, making, Given.Start);
        Assert.Equal(new LaunchProgress("fetching debian", 7, 70), Progress);
        _core.BaseChanged(A, Given.Base(Given.Image(), BaseState.Ready), Given.Start);
        Assert.Null(Progress);
    }

    [Fact]
    public void A_copy_says_how_far_it_is_until_it_is_done()
    {
        Assert.True(_core.Progressed(A, Vm, First, Half, Given.Start));
        Assert.Equal(Half, Progress);
        _core.Prepared(
            A, Vm, First, [], new Preparation(true, TimeSpan.Zero, TimeSpan.Zero), Given.Start);
        Assert.Null(Progress);
    }

    [Fact]
    public void Progress_of_another_attempt_or_host_counts_for_nothing()
    {
        Assert.False(_core.Progressed(Given.Host("b"), Vm, First, Half, Given.Start));
        Assert.False(_core.Progressed(A, Vm, new LaunchFence(1, 2), Half, Given.Start));
        Assert.False(_core.Progressed(A, Given.Id("vm-2"), First, Half, Given.Start));
        Assert.False(_core.Progressed(Given.Host("c"), Vm, First, Half, Given.Start));
        Assert.Null(Progress);
    }

    [Fact]
    public void Progress_ends_with_its_attempt()
    {
        _core.Progressed(A, Vm, First, Half, Given.Start);
        _core.AttemptFailed(A, Vm, First, Given.Error(true), Given.Start);
        Assert.Equal(Given.Host("b"), _core.Find(Vm, Given.Start)!.Host);
        Assert.Null(Progress);
    }
}

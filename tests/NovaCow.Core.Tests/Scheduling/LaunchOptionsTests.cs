using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class LaunchOptionsTests
{
    private static readonly LaunchOptions Copy = new() { Driver = DriverName.Copy };
    private static readonly LaunchOptions Ec2 = new() { Layout = DiskLayout.Ec2 };

    [Fact]
    public void The_layout_of_ec2_implies_the_driver_that_makes_it()
    {
        var core = Given.Scheduler();
        Launch(core, Ec2, "vm-1");
        var spec = core.State.Launches[Given.Id("vm-1")].Spec;
        Assert.Equal((DriverName.Copy, DiskLayout.Ec2), (spec.Driver, spec.Layout));

        var named = Launch(core, Ec2 with { Driver = DriverName.Copy }, "vm-1");
        Assert.Null(named.Refusal);
        Assert.Empty(named.Events);
    }

    [Theory]
    [InlineData(DriverName.Qcow2)]
    [InlineData(DriverName.Reflink)]
    [InlineData(DriverName.LvmThin)]
    public void The_layout_of_ec2_with_a_driver_that_shares_is_refused_with_the_remedy(
        string driver)
    {
        var core = Given.Scheduler(null, "a");
        var refused = Launch(core, Ec2 with { Driver = driver }, "vm-1").Refusal!;
        Assert.Equal(RequestErrorCode.Unprocessable, refused.Code);
        Assert.Contains(driver, refused.Message);
        Assert.Contains("the driver copy", refused.Message);
        Assert.Empty(core.State.Launches);
    }

    [Theory]
    [InlineData("zfs", DiskLayout.Auto, "zfs")]
    [InlineData(null, DiskLayout.Whole, "whole")]
    public void What_is_no_option_is_refused(string? driver, DiskLayout layout, string names)
    {
        var core = Given.Scheduler(null, "a");
        var options = new LaunchOptions { Driver = driver, Layout = layout };
        var refused = Launch(core, options, "vm-1").Refusal!;
        Assert.Equal(RequestErrorCode.InvalidRequest, refused.Code);
        Assert.Contains(names, refused.Message);
        Assert.Equal(refused, core.Explain(Order(options), Given.Start).Refusal);
    }

    [Fact]
    public void The_same_id_with_other_options_is_a_conflict_while_it_lives_and_afterwards()
    {
        var core = Given.Scheduler();
        Launch(core, Copy, "vm-1");
        Launch(core, LaunchOptions.None, "vm-2");
        Check();
        core.Delete(Given.Id("vm-1"), Given.Start);
        core.Delete(Given.Id("vm-2"), Given.Start);
        Check();

        // What is remembered survives a saved state.
        var later = new SchedulerCore(new SchedulerLimits(), Flavors.Defaults, epoch: 2);
        later.Recover(core.State.ToSnapshot());
        core = later;
        Check();

        void Check()
        {
            Assert.Null(Launch(core, Copy, "vm-1").Refusal);
            Assert.Null(Launch(core, LaunchOptions.None, "vm-2").Refusal);
            foreach (var (options, id) in new[]
                {
                    (LaunchOptions.None, "vm-1"), (Ec2, "vm-1"),
                    (Copy with { Driver = DriverName.Qcow2 }, "vm-1"), (Copy, "vm-2"),
                })
            {
                var conflict = Launch(core, options, id).Refusal!;
                Assert.Equal(RequestErrorCode.Conflict, conflict.Code);
            }

            Assert.Contains("driver copy", Launch(core, Ec2, "vm-1").Refusal!.Message);
        }
    }

    [Fact]
    public void A_driver_that_no_host_has_waits_with_the_reason_and_ends_as_no_valid_host()
    {
        var core = Given.Scheduler(null, "a");
        var waiting = Launch(core, Copy, "vm-1").Instances[0];
        Assert.Equal(LaunchPhase.Accepted, waiting.Phase);
        Assert.Contains("a: has no volume driver copy, only qcow2", waiting.WaitingFor);
        Assert.Contains(
            "copy", core.Explain(Order(Copy), Given.Start).Terms[0].FilteredBecause);

        var late = core.Tick(Given.Start.AddMinutes(10)).Events.OfType<LaunchFailed>().Single();
        Assert.Equal(LaunchErrorCode.NoValidHost, late.Error.Code);
        Assert.Contains("no volume driver copy", late.Error.Message);
    }

    [Fact]
    public void A_launch_goes_to_a_host_that_has_its_driver_as_soon_as_one_joins()
    {
        var core = Given.Scheduler(null, "a");
        Launch(core, Copy, "vm-1");
        var joined = core.Hello(
            Given.Facts("b") with { Drivers = ["qcow2", "copy"] }, Given.Start);
        var prepare = joined.Effects.OfType<SchedulerEffect.Prepare>().Single();
        Assert.Equal(
            (Given.Host("b"), DriverName.Copy), (prepare.Host, prepare.Spec.Driver));
    }

    [Fact]
    public void The_only_host_with_the_driver_failing_ends_the_launch_with_its_reason_at_once()
    {
        var core = Given.Scheduler(null, "a");
        core.Hello(Given.Facts("b") with { Drivers = ["qcow2", "copy"] }, Given.Start);
        Launch(core, Copy, "vm-1");
        core.AttemptFailed(
            Given.Host("b"), Given.Id("vm-1"), new(1, 1), Given.Error(true), Given.Start);
        var info = core.Find(Given.Id("vm-1"), Given.Start)!;
        Assert.Equal((LaunchPhase.Failed, "it broke"), (info.Phase, info.Error!.Message));
    }

    private static LaunchOrder Order(LaunchOptions options) => Given.Order(options: options);

    private static Decision Launch(SchedulerCore core, LaunchOptions options, string id) =>
        core.Launch(Order(options), [Given.Id(id)], Given.Start);
}

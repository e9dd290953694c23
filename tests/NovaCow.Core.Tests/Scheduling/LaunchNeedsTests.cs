using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Which images a launch cannot do without.</summary>
public sealed class LaunchNeedsTests
{
    private static readonly Image Mine = Given.Image("mine", 9);

    [Theory]
    [InlineData(LaunchPhase.Accepted, true)]
    [InlineData(LaunchPhase.Placed, true)]
    [InlineData(LaunchPhase.Committed, true)]
    [InlineData(LaunchPhase.Active, true)]
    [InlineData(LaunchPhase.Deleting, true)]
    [InlineData(LaunchPhase.Failed, false)]
    public void A_launch_keeps_its_image_until_nothing_is_left_of_it(LaunchPhase phase, bool keeps)
    {
        var spec = Given.Spec() with { Image = Mine };
        var launch = Given.Launch(phase) with { Spec = spec };
        Assert.Equal(keeps, launch.NeededBases().Contains(BaseKey.Of(Mine.Digest)));
    }

    [Fact]
    public void An_instance_that_seems_lost_keeps_its_image_and_one_that_was_undone_does_not()
    {
        var lost = Given.Launch(LaunchPhase.Active) with { Phase = LaunchPhase.Failed };
        Assert.NotEmpty(lost.NeededBases());
        var undone = Launch.Apply(
            Given.Launch(LaunchPhase.Committed),
            new LaunchFailed(OneMachine.Id, OneMachine.A, 1, Given.Error(false), Given.Start)
            {
                IsUndone = true,
            });
        Assert.Empty(undone!.NeededBases());
    }

    [Fact]
    public void What_an_instance_boots_with_is_kept()
    {
        var kernel = Mine with { Format = DiskFormat.Aki };
        var launch = Given.Launch(LaunchPhase.Active) with
        {
            Spec = Given.Spec() with { Kernel = kernel, Ramdisk = Given.Image("ram", 8) },
        };
        Assert.Equal(
            [Given.Image().BaseKey(), BaseKey.Of(kernel.Digest), Given.Image("ram", 8).BaseKey()],
            launch.NeededBases());
    }
}

using System.Text.Json;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class GuestTests
{
    private const string Secret = "#cloud-config\npassword: hunter2";

    private static readonly LaunchOptions Told = new()
    {
        Guest = new GuestSetup { HostName = "web", UserData = Secret, SshKeys = ["ssh-rsa A"] },
    };

    private static Decision Launch(SchedulerCore core, LaunchOptions options) =>
        core.Launch(Given.Order(options: options), [OneMachine.Id], Given.Start);

    [Fact]
    public void The_host_is_told_all_of_it_and_nobody_else_the_user_data()
    {
        var core = Given.Scheduler(null, "a");
        var launched = Launch(core, Told);
        var prepare = launched.Effects.OfType<SchedulerEffect.Prepare>().Single();
        Assert.Equal(Told.Guest, prepare.Spec.Guest);
        Hidden(launched.Instances[0]);
        Assert.Equal(
            Told.Guest! with { UserData = null }, launched.Instances[0].Options.Guest);

        var log = new ClusterEventLog(10);
        foreach (var happened in launched.Events)
            Hidden(log.Add(1, happened));
        var another = Told with { Guest = Told.Guest! with { UserData = "another" } };
        var conflict = Launch(core, another).Refusal!;
        Assert.Equal(RequestErrorCode.Conflict, conflict.Code);
        Assert.DoesNotContain("hunter2", conflict.Message);
        Assert.DoesNotContain("hunter2", prepare.ToString());

        core.AttemptFailed(
            OneMachine.A, OneMachine.Id, new(1, 1), Given.Error(false), Given.Start);
        var settled = core.Delete(OneMachine.Id, Given.Start).Effects;
        Hidden(Assert.IsType<SchedulerEffect.Settled>(Assert.Single(settled)).Instance);
        Hidden(core.State.Deleted.Find(OneMachine.Id));
        Hidden(core.Find(OneMachine.Id, Given.Start));

        static void Hidden(object? shown)
        {
            Assert.DoesNotContain("hunter2", JsonSerializer.Serialize(shown));
            Assert.DoesNotContain("hunter2", $"{shown}");
        }
    }

    [Fact]
    public void A_request_that_comes_again_is_told_from_another_while_it_lives_and_afterwards()
    {
        var core = Given.Scheduler();
        Launch(core, Told);
        Check();
        core.Delete(OneMachine.Id, Given.Start);
        Check();

        var later = new SchedulerCore(new SchedulerLimits(), Flavors.Defaults, epoch: 2);
        later.Recover(core.State.ToSnapshot());
        core = later;
        Check();

        void Check()
        {
            Assert.Null(Launch(core, Told).Refusal);
            foreach (var other in (GuestSetup?[])
                [
                    null,
                    Told.Guest! with { UserData = null },
                    Told.Guest with { UserData = Secret + "\n" },
                    Told.Guest with { HostName = "db" },
                ])
            {
                Assert.Equal(
                    RequestErrorCode.Conflict,
                    Launch(core, Told with { Guest = other }).Refusal!.Code);
            }
        }
    }

    [Fact]
    public void A_guest_is_refused_what_is_beyond_its_bounds()
    {
        var core = Given.Scheduler(null, "a");
        foreach (var guest in (GuestSetup[])
            [
                new() { UserData = new string('é', (GuestSetup.MaxUserDataBytes / 2) + 1) },
                new() { SshKeys = [.. Enumerable.Repeat("ssh-rsa A", GuestSetup.MaxSshKeys + 1)] },
                new() { SshKeys = ["ssh-rsa " + new string('A', GuestSetup.MaxSshKeyLength)] },
            ])
        {
            var refusal = Launch(core, new LaunchOptions { Guest = guest }).Refusal!;
            Assert.Equal(RequestErrorCode.InvalidRequest, refusal.Code);
            Assert.StartsWith("guest: ", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_launch_goes_only_where_the_hypervisor_is_that_it_asks_for()
    {
        var core = Given.Scheduler(null, "a");
        var libvirt = new LaunchOptions { Hypervisor = "libvirt" };
        Assert.Contains(
            "a: its hypervisor is none, not libvirt",
            Launch(core, libvirt).Instances[0].WaitingFor);
        var joined = core.Hello(
            Given.Facts("b") with { Hypervisor = OneMachine.Kvm }, Given.Start);
        Assert.Equal(
            Given.Host("b"), joined.Effects.OfType<SchedulerEffect.Prepare>().Single().Host);
        Assert.Null(Launch(core, libvirt).Refusal);
        Assert.Equal(
            RequestErrorCode.Conflict, Launch(core, LaunchOptions.None).Refusal!.Code);
        Assert.Equal(
            RequestErrorCode.InvalidRequest,
            core.Launch(
                Given.Order(options: new() { Hypervisor = "xen" }), [Given.Id("vm-2")],
                Given.Start).Refusal!.Code);
    }
}

using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class PowerTests
{
    [Fact]
    public void What_a_host_says_of_a_machine_is_shown_and_told_at_once()
    {
        var vm = new OneMachine();
        Assert.Null(vm.Info.Power);
        var running = vm.Power(PowerState.Running, 3);
        Assert.Empty(running.Events);
        var seen = Assert.IsType<SchedulerEffect.PowerSeen>(Assert.Single(running.Effects));
        Assert.Equal(
            new PowerInfo(PowerState.Running, PowerCause.Unknown, OneMachine.At(3)), seen.Power);
        Assert.Equal(seen.Power, vm.Info.Power);
        Assert.Equal(
            seen.Power, vm.Core.List(null, 1, null, null, Given.Start).Items.Single().Power);
        Assert.Empty(vm.Power(PowerState.Running, 3).Effects);
    }

    [Fact]
    public void What_an_attempt_says_that_no_longer_counts_is_not_heard()
    {
        var vm = new OneMachine();
        Assert.Empty(vm.Power(PowerState.Running, attempt: 2).Effects);
        Assert.Null(vm.Info.Power);
    }

    [Fact]
    public void Nobody_knows_how_the_machine_of_a_silent_host_is()
    {
        var vm = new OneMachine();
        vm.Power(PowerState.Running);
        vm.Core.Disconnected(OneMachine.A, OneMachine.At(1));
        Assert.Null(vm.Info.Power);
        Assert.IsType<SchedulerEffect.SayHello>(
            Assert.Single(vm.Power(PowerState.Stopped).Effects));
    }

    [Fact]
    public void A_hello_says_how_machines_are_and_what_changed_meanwhile_is_told()
    {
        var vm = new OneMachine();
        vm.Power(PowerState.Running);
        vm.Core.Disconnected(OneMachine.A, OneMachine.At(1));
        Assert.DoesNotContain(
            Hello(PowerState.Running, 0).Effects, e => e is SchedulerEffect.PowerSeen);
        Assert.Contains(Hello(PowerState.Crashed, 2).Effects, e => e is SchedulerEffect.PowerSeen);
        Assert.Equal(PowerState.Crashed, vm.Info.Power!.State);

        Decision Hello(PowerState state, double since) => vm.Core.Hello(
            Given.Facts(
                "a", new HostedInstance(OneMachine.Id, OneMachine.Fence, InstanceState.Active)
                {
                    Power = OneMachine.Report(state, since),
                }),
            OneMachine.At(3));
    }

    [Fact]
    public void How_a_machine_is_comes_with_the_end_of_a_change()
    {
        var vm = new OneMachine();
        vm.Accepted(new ChangeRequest.Start());
        vm.Power(PowerState.Running);
        var settled = (SchedulerEffect.ChangeSettled)vm.End().Effects.Single();
        Assert.Equal(PowerState.Running, settled.Instance.Power!.State);
    }

    [Fact]
    public void A_machine_that_is_gone_is_forgotten()
    {
        var vm = new OneMachine();
        vm.Power(PowerState.Running);
        vm.Core.Delete(OneMachine.Id, OneMachine.At(1));
        vm.Core.Removed(OneMachine.A, OneMachine.Id, OneMachine.Fence, OneMachine.At(2));
        Assert.Null(vm.Info.Power);
    }

    [Fact]
    public void An_instance_has_a_host_to_ask_once_it_is_committed()
    {
        var core = Given.Scheduler(null, "a");
        Assert.Equal(RequestErrorCode.InstanceNotFound, core.HostOf(OneMachine.Id).Refusal!.Code);
        core.Launch("vm");
        var placed = core.HostOf(OneMachine.Id).Refusal!;
        Assert.Equal(RequestErrorCode.Conflict, placed.Code);
        Assert.Contains("it is placed", placed.Message);
        Assert.Equal(OneMachine.A, new OneMachine().Core.HostOf(OneMachine.Id).Host);
    }
}

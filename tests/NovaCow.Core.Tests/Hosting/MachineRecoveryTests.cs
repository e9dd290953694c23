using NovaCow.Core.Hosting;

namespace NovaCow.Core.Tests.Hosting;

public sealed class MachineRecoveryTests
{
    private static readonly MachineStatus Running = new(PowerState.Running, PowerCause.Unknown);
    private static readonly MachineStatus Paused = new(PowerState.Paused, PowerCause.InputOutput);
    private static readonly MachineStatus Ended = new(PowerState.Stopped, PowerCause.Ended);
    private static readonly MachineStatus Off = new(PowerState.Stopped, PowerCause.Guest);
    private static readonly MachineStatus Broken = new(PowerState.Crashed, PowerCause.Broke);
    private static readonly MachineStatus Defined = new(PowerState.Stopped, PowerCause.Unknown);

    public static TheoryData<bool?, MachineStatus?, bool, MachineStep> Cases { get; } = new()
    {
        { null, null, true, MachineStep.StartFirst },
        { null, null, false, MachineStep.StartFirst },
        { null, Defined, true, MachineStep.StartFirst },
        { null, Running, true, MachineStep.Adopt },
        { null, Off, true, MachineStep.Leave },
        { null, Broken, true, MachineStep.Leave },
        { true, null, true, MachineStep.StartAgain },
        { true, Defined, true, MachineStep.StartAgain },
        { true, null, false, MachineStep.Leave },
        { true, Running, false, MachineStep.Adopt },
        { true, Paused, true, MachineStep.Adopt },
        { true, Off, true, MachineStep.Leave },
        { true, Ended, true, MachineStep.Leave },
        { true, Broken, true, MachineStep.Leave },
        { false, null, true, MachineStep.Leave },
        { false, Defined, true, MachineStep.Leave },
        { false, Running, true, MachineStep.Adopt },
    };

    /// <summary>What is so for a machine that ran in the present boot; the rest is as for any.
    /// </summary>
    public static TheoryData<bool?, MachineStatus?, bool, MachineStep> CasesOfThisBoot { get; } =
        new()
        {
            { true, null, true, MachineStep.StartAgain },
            { true, null, false, MachineStep.Leave },
            { true, Defined, true, MachineStep.Leave },
            { true, Defined, false, MachineStep.Leave },
            { true, Running, true, MachineStep.Adopt },
            { true, Paused, true, MachineStep.Adopt },
            { true, Off, true, MachineStep.Leave },
            { true, Ended, true, MachineStep.Leave },
            { true, Broken, true, MachineStep.Leave },
            { false, Defined, true, MachineStep.Leave },
            { false, Running, true, MachineStep.Adopt },
        };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_machine_is_started_only_when_nothing_says_that_it_ran_and_ended(
        bool? isOn, MachineStatus? machine, bool resume, MachineStep step)
    {
        HostBoots[] boots = [new(null, null), new(null, "a"), new("a", null), new("a", "b")];
        Assert.All(boots, b => Assert.Equal(step, MachineRecovery.For(isOn, machine, resume, b)));
    }

    [Theory]
    [MemberData(nameof(CasesOfThisBoot))]
    public void A_machine_that_ran_and_is_off_was_ended_if_its_host_has_not_gone_down(
        bool? isOn, MachineStatus? machine, bool resume, MachineStep step) =>
        Assert.Equal(
            step, MachineRecovery.For(isOn, machine, resume, new HostBoots("a", "a")));
}

using NovaCow.Core;
using Xunit;

namespace NovaCow.Hypervisor.Tests;

public sealed class MachineStatusTests
{
    [Theory]
    [InlineData(PowerState.Running, true)]
    [InlineData(PowerState.Paused, true)]
    [InlineData(PowerState.Stopping, true)]
    [InlineData(PowerState.Stopped, false)]
    [InlineData(PowerState.Crashed, false)]
    public void A_machine_that_runs_or_is_paused_has_its_disks_open(PowerState state, bool isOn) =>
        Assert.Equal(isOn, new MachineStatus(state, PowerCause.Unknown).IsOn);
}

using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Libvirt.Native;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

public sealed class DomainStatusTests
{
    [Theory]
    [InlineData(DomainState.Running, 1, PowerState.Running, PowerCause.Started)]
    [InlineData(DomainState.Blocked, 0, PowerState.Running, PowerCause.Started)]
    [InlineData(DomainState.ShuttingDown, 1, PowerState.Stopping, PowerCause.Unknown)]
    [InlineData(DomainState.Paused, 1, PowerState.Paused, PowerCause.Unknown)]
    [InlineData(DomainState.Paused, 5, PowerState.Paused, PowerCause.InputOutput)]
    [InlineData(DomainState.Paused, 10, PowerState.Paused, PowerCause.Broke)]
    [InlineData(DomainState.Paused, 11, PowerState.Running, PowerCause.Started)]
    [InlineData(DomainState.ShutOff, 0, PowerState.Stopped, PowerCause.Unknown)]
    [InlineData(DomainState.ShutOff, 1, PowerState.Stopped, PowerCause.Guest)]
    [InlineData(DomainState.ShutOff, 2, PowerState.Stopped, PowerCause.Ended)]
    [InlineData(DomainState.ShutOff, 3, PowerState.Crashed, PowerCause.Broke)]
    [InlineData(DomainState.ShutOff, 4, PowerState.Stopped, PowerCause.Ended)]
    [InlineData(DomainState.ShutOff, 5, PowerState.Stopped, PowerCause.Ended)]
    [InlineData(DomainState.ShutOff, 6, PowerState.Crashed, PowerCause.Broke)]
    [InlineData(DomainState.ShutOff, 8, PowerState.Stopped, PowerCause.Unknown)]
    [InlineData(DomainState.Crashed, 1, PowerState.Crashed, PowerCause.Broke)]
    [InlineData(DomainState.Suspended, 0, PowerState.Paused, PowerCause.Guest)]
    [InlineData(DomainState.None, 0, PowerState.Paused, PowerCause.Unknown)]
    public void A_domains_state_and_reason_say_how_its_machine_is(
        object state, int reason, PowerState expected, PowerCause cause) =>
        Assert.Equal(
            new MachineStatus(expected, cause), DomainStatus.Of((DomainState)state, reason));

    [Theory]
    [InlineData(LifecycleEvent.Started, 0, PowerState.Running, PowerCause.Started)]
    [InlineData(LifecycleEvent.Resumed, 0, PowerState.Running, PowerCause.Started)]
    [InlineData(LifecycleEvent.Suspended, 0, PowerState.Paused, PowerCause.Unknown)]
    [InlineData(LifecycleEvent.Suspended, 2, PowerState.Paused, PowerCause.InputOutput)]
    [InlineData(LifecycleEvent.GuestSuspended, 0, PowerState.Paused, PowerCause.Guest)]
    [InlineData(LifecycleEvent.ShutDown, 0, PowerState.Stopping, PowerCause.Guest)]
    [InlineData(LifecycleEvent.ShutDown, 1, PowerState.Stopping, PowerCause.Guest)]
    [InlineData(LifecycleEvent.ShutDown, 2, PowerState.Stopping, PowerCause.Ended)]
    [InlineData(LifecycleEvent.Stopped, 0, PowerState.Stopped, PowerCause.Guest)]
    [InlineData(LifecycleEvent.Stopped, 1, PowerState.Stopped, PowerCause.Ended)]
    [InlineData(LifecycleEvent.Stopped, 2, PowerState.Crashed, PowerCause.Broke)]
    [InlineData(LifecycleEvent.Stopped, 3, PowerState.Stopped, PowerCause.Ended)]
    [InlineData(LifecycleEvent.Stopped, 5, PowerState.Crashed, PowerCause.Broke)]
    [InlineData(LifecycleEvent.Crashed, 0, PowerState.Crashed, PowerCause.Broke)]
    public void An_event_says_how_its_machine_is_now(
        object what, int detail, PowerState expected, PowerCause cause) =>
        Assert.Equal(
            new MachineStatus(expected, cause), DomainStatus.After((LifecycleEvent)what, detail));

    [Theory]
    [InlineData(LifecycleEvent.Defined)]
    [InlineData(LifecycleEvent.Undefined)]
    public void Other_events_leave_it_as_it_is(object what) =>
        Assert.Null(DomainStatus.After((LifecycleEvent)what, 0));

    [Theory]
    [InlineData("<instance id='vm-1' host='host-1'/>", "novacow-vm-1", true)]
    [InlineData("<instance id='vm-1' host='host-2'/>", "novacow-vm-1", false)]
    [InlineData("<instance id='vm-2' host='host-1'/>", "novacow-vm-1", false)]
    [InlineData("<instance id='vm-1'/>", "novacow-vm-1", false)]
    [InlineData("<instance id='../x' host='host-1'/>", "novacow-../x", false)]
    [InlineData("<trial id='vm-1' host='host-1'/>", "novacow-vm-1", false)]
    [InlineData("<instance", "novacow-vm-1", false)]
    [InlineData(null, "novacow-vm-1", false)]
    public void A_domain_is_a_hosts_own_by_its_metadata_and_name(
        string? metadata, string name, bool isOwn) =>
        Assert.Equal(isOwn, DomainOwner.Read(metadata, name, "host-1") is not null);

    [Fact]
    public void What_libvirt_offers_is_read_for_the_processor_that_is_here()
    {
        const string xml = """
            <capabilities>
              <guest><arch name='i686'><domain type='qemu'/></arch></guest>
              <guest><arch name='x86_64'><domain type='qemu'/><domain type='kvm'/></arch></guest>
            </capabilities>
            """;

        Assert.Equal(["qemu", "kvm"], CapabilityProbe.DomainTypes(xml, "x86_64"));
        Assert.Equal(["qemu"], CapabilityProbe.DomainTypes(xml, "aarch64"));
    }
}

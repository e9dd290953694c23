using NovaCow.Hypervisor.Libvirt;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

public sealed class EmulatorUserTests
{
    [Theory]
    [InlineData("dac", "+64055:+107", 64055u, 107u)]
    [InlineData("dac", "+0:+0", 0u, 0u)]
    [InlineData("apparmor", "+64055:+107", 0u, 0u)]
    [InlineData("dac", "libvirt-qemu:kvm", 0u, 0u)]
    [InlineData("dac", "+99999999999:+1", 0u, 0u)]
    public void Whom_libvirt_runs_emulators_as_is_read_from_its_capabilities_unless_it_is_root(
        string model, string label, uint uid, uint gid)
    {
        var found = EmulatorUser.In(
            $"<capabilities><host><secmodel><model>{model}</model><doi>0</doi>"
                + $"<baselabel type='kvm'>{label}</baselabel></secmodel></host></capabilities>");
        Assert.Equal(uid == 0 ? null : (uid, gid), found);
    }

    [Fact]
    public void A_libvirt_that_says_nothing_of_it_names_nobody() =>
        Assert.Null(EmulatorUser.In("<capabilities/>"));
}

using NovaCow.Hypervisor.Libvirt;
using NovaCow.Testing.Guests;

namespace NovaCow.Guests.Tests;

/// <summary>The libvirt that other tests stand on, by its own client.</summary>
public sealed class LibvirtDaemonTests(Qcow2Host fixture) : IClassFixture<Qcow2Host>
{
    private static readonly DomainOptions s_options = new()
    {
        Host = "test",
        Accelerator = DomainOptions.Qemu,
    };

    [Fact]
    public async Task A_guest_boots_through_it_survives_it_and_obeys_the_power_button()
    {
        if (LibvirtDaemon.WhyNot is { } reason)
            Assert.Skip(reason);
        var instance = await fixture.Host.LaunchAsync("vm-libvirt", GuestHost.Sized(0));
        var machine = fixture.Host.Machine(instance, null);
        var (name, xml) = (DomainIdentity.NameOf(machine.Id), fixture.NewFolder() + "/domain.xml");
        await File.WriteAllTextAsync(xml, DomainXml.Of(machine, s_options));
        await using var daemon = await LibvirtDaemon.StartAsync();
        await daemon.VirshAsync("define", xml);
        await daemon.VirshAsync("start", name);
        var console = new GuestConsole(machine.ConsolePath);
        await console.WaitForAsync("novacow: power button on");

        await daemon.KillDaemonAsync();
        await daemon.RestartDaemonAsync();
        Assert.Equal("running", (await daemon.VirshAsync("domstate", name)).Trim());
        await daemon.VirshAsync("shutdown", name);
        await console.WaitForAsync("novacow: powering off");
        await StateAsync(daemon, name, "shut off (shutdown)");

        await daemon.VirshAsync("start", name);
        await daemon.KillEmulatorAsync(name);
        await StateAsync(daemon, name, "shut off (crashed)");
    }

    [Fact]
    public async Task Two_of_them_know_nothing_of_each_other()
    {
        if (LibvirtDaemon.WhyNot is { } reason)
            Assert.Skip(reason);
        var instance = await fixture.Host.LaunchAsync("vm-two-hosts", GuestHost.Sized(0));
        var machine = fixture.Host.Machine(instance, null);
        var xml = fixture.NewFolder() + "/domain.xml";
        await File.WriteAllTextAsync(xml, DomainXml.Of(machine, s_options));
        await using var one = await LibvirtDaemon.StartAsync();
        await using var two = await LibvirtDaemon.StartAsync();
        await one.VirshAsync("define", xml);
        Assert.Contains("vm-two-hosts", await one.VirshAsync("list", "--all"));
        Assert.Empty((await two.VirshAsync("list", "--all")).Trim());
        await two.VirshAsync("define", xml);
    }

    private static async Task StateAsync(LibvirtDaemon daemon, string name, string state)
    {
        using var late = new CancellationTokenSource(GuestConsole.Patience);
        while ((await daemon.VirshAsync("domstate", name, "--reason")).Trim() != state)
            await Task.Delay(50, late.Token);
    }
}

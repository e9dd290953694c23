using NovaCow.Core;
using NovaCow.Hypervisor.Seeds;
using NovaCow.Testing.Guests;

namespace NovaCow.Guests.Tests;

/// <summary>Seeds, as a guest reads them that knows cloud-init's formats and nothing of ours.
/// </summary>
public sealed class SeedTests(Qcow2Host fixture) : IClassFixture<Qcow2Host>
{
    private const string Key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a@b";

    [Theory]
    [InlineData(GuestSeedKind.NoCloud, "cidata")]
    [InlineData(GuestSeedKind.ConfigDrive, "config-2")]
    public async Task A_guest_reads_who_it_is_from_its_seed(GuestSeedKind kind, string label)
    {
        if (SystemTool.Missing("genisoimage") is { } tool)
            Assert.Skip($"{tool} is not installed");
        var host = fixture.Host;
        var instance = await host.LaunchAsync($"vm-{label}", GuestHost.Sized(0));
        var seed = host.Store.MachineFiles(instance.Id).Seed;
        var setup = new GuestSetup
        {
            HostName = "alpha.example",
            UserData = "#cloud-config\nnovacow: say one two\nnovacow: poweroff\n",
            SshKeys = [Key],
            Kind = kind,
        };
        await new GuestSeeds().WriteAsync(seed, instance.Id, setup, default);
        var lines = await PlainGuest.RunAsync(
            host.Machine(instance, "say:last") with { SeedPath = seed });
        var line = Assert.Single(
            lines, line => line.StartsWith("seed ", StringComparison.Ordinal));
        Assert.StartsWith($"seed {label} /dev/sr0 hostname alpha", line, StringComparison.Ordinal);
        Assert.EndsWith("keys 1", line, StringComparison.Ordinal);
        if (kind == GuestSeedKind.NoCloud)
            Assert.Contains($"instance-id {instance.Id} ", line, StringComparison.Ordinal);
        Assert.Contains("one two", lines);
        Assert.DoesNotContain("last", lines);
    }
}

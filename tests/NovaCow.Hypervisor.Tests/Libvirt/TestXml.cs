using System.Security.Cryptography;
using System.Text;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;

namespace NovaCow.Hypervisor.Tests.Libvirt;

/// <summary>The least that a domain needs.</summary>
internal static class TestXml
{
    public static string Domain(MachineSpec machine, string type, string host) => type == "test"
        ? $"""
            <domain type='test'>
              {Head(machine, host)}
              <os><type>hvm</type></os>
            </domain>
            """
        : $"""
            <domain type='{type}'>
              {Head(machine, host)}
              <os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os>
              <features><acpi/></features>
              <devices>
                {string.Concat(machine.Disks.Select(Disk))}
                <controller type='pci' model='pcie-root'/>
                {string.Concat(Enumerable.Repeat(
                    "<controller type='pci' model='pcie-root-port'/>", 4))}
                <controller type='usb' model='none'/>
                <serial type='file'><source path='{machine.ConsolePath}' append='on'/></serial>
                <memballoon model='none'/>
              </devices>
            </domain>
            """;

    public static string Disk(MachineDisk disk) => $"""
        <disk type='file' device='disk'>
          <driver name='qemu' type='{disk.Format}'/>
          <source file='{disk.Path}'/>
          {Backing(disk)}
          <target dev='{disk.Device["/dev/".Length..]}' bus='virtio'/>
          <serial>{disk.Name}</serial>
          <alias name='ua-{disk.Name}'/>
        </disk>
        """;

    private static string Head(MachineSpec machine, string host) => $"""
        <name>{DomainIdentity.NameOf(machine.Id)}</name>
        <uuid>{UuidOf($"{machine.Id} {host}")}</uuid>
        <metadata>
          <novacow:instance xmlns:novacow='{DomainIdentity.Namespace}'
            id='{machine.Id}' host='{host}' cluster='{machine.Cluster}'/>
        </metadata>
        <memory unit='b'>{machine.MemoryBytes}</memory>
        <vcpu>{machine.VCpus}</vcpu>
        """;

    /// <summary>A machine that is defined anew keeps its identity.</summary>
    private static Guid UuidOf(string text) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    private static string Backing(MachineDisk disk) => disk.BackingPath is null
        ? "<backingStore/>"
        : $"""
            <backingStore type='file'>
              <format type='raw'/><source file='{disk.BackingPath}'/><backingStore/>
            </backingStore>
            """;
}

using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Libvirt.Native;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

/// <summary>
/// A libvirt within the test process, with a root of its own in a temporary folder: of those a
/// process can have one. What it still runs at the end, it ends.
/// </summary>
public sealed class EmbeddedLibvirt : IDisposable
{
    /// <summary>What tests may do on a machine where nothing is labelled, chowned or confined.
    /// </summary>
    private const string QemuConf = """
        user = "root"
        group = "root"
        dynamic_ownership = 0
        remember_owner = 0
        security_driver = "none"
        namespaces = []
        cgroup_controllers = []
        stdio_handler = "file"
        """;

    private readonly EventLoop _loop;
    private int _machines;

    public EmbeddedLibvirt()
    {
        // A socket's path is short.
        Folder = Directory.CreateTempSubdirectory("nclv-").FullName;
        Directory.CreateDirectory(Path.Combine(Folder, "root/etc"));
        File.WriteAllText(Path.Combine(Folder, "root/etc/qemu.conf"), QemuConf);
        Uri = $"qemu:///embed?root={Folder}/root";
        _loop = EventLoop.Use();
        Other = new Connection(Uri, new Deaf());
        Hypervisor = NewHypervisor(Host);
    }

    public static string Host => "host-1";

    public string Folder { get; }

    public string Uri { get; }

    /// <summary>Somebody else's connection.</summary>
    internal Connection Other { get; }

    /// <summary>The one under test.</summary>
    public LibvirtHypervisor Hypervisor { get; }

    public LibvirtHypervisor NewHypervisor(string host, string accelerator = "qemu") => new(
        new LibvirtSettings
        {
            Uri = Uri,
            Host = host,
            StateFolder = Path.Combine(Folder, "state"),
            Accelerator = accelerator,
        },
        new MachineXml(
            (machine, type) => TestXml.Domain(machine, type, host), TestXml.Disk),
        TimeProvider.System);

    /// <summary>A machine whose root disk is this boot sector, and its disk's files.</summary>
    public MachineSpec NewMachine(byte[] boot, string name = "vm")
    {
        var id = InstanceId.Parse($"{name}-{Interlocked.Increment(ref _machines)}");
        var root = NewDisk($"{id}-root", boot);
        return new MachineSpec
        {
            Id = id,
            Cluster = "cluster-1",
            VCpus = 1,
            MemoryBytes = 64L << 20,
            Disks = [new MachineDisk(DiskName.Root, "/dev/vda", root, "raw", null)],
            ConsolePath = Path.Combine(Folder, $"{id}.console"),
        };
    }

    /// <summary>A raw disk of 1 MiB.</summary>
    public string NewDisk(string name, byte[] content)
    {
        var path = Path.Combine(Folder, $"{name}.raw");
        using var file = File.Create(path);
        file.Write(content);
        file.SetLength(1 << 20);
        return path;
    }

    /// <summary>The emulator's process of a machine.</summary>
    public int ProcessOf(InstanceId id) => int.Parse(File.ReadAllText(
        Path.Combine(Folder, $"root/run/qemu/{DomainOwner.NameOf(id)}.pid")));

    /// <summary>Waits until the guest has said that it runs.</summary>
    public static async Task RunsAsync(MachineSpec machine) => await Until.TrueAsync(
        () => File.Exists(machine.ConsolePath)
            && File.ReadAllText(machine.ConsolePath).Contains(BootSectors.Word),
        $"the guest of {machine.Id} runs");

    public void Dispose()
    {
        Hypervisor.Dispose();
        foreach (var domain in Other.List())
        {
            using (domain)
            {
                domain.Destroy();
                domain.Undefine();
            }
        }

        Other.Dispose();
        _loop.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    internal sealed class Deaf : ISignalSink
    {
        public void OnSignal(DomainSignal signal)
        {
        }

        public void OnClosed()
        {
        }
    }
}

/// <summary>The classes that share it.</summary>
[CollectionDefinition(Name)]
public sealed class LibvirtCollection : ICollectionFixture<EmbeddedLibvirt>
{
    public const string Name = "libvirt";
}

/// <summary>Waits, with a deadline that a busy machine keeps.</summary>
internal static class Until
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    public static async Task TrueAsync(Func<bool> isTrue, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!isTrue())
        {
            Assert.True(clock.Elapsed < Deadline, $"not within {Deadline}: {what}");
            await Task.Delay(10);
        }
    }
}

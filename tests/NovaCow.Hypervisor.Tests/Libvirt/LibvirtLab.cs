using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Libvirt.Native;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

/// <summary>A folder with a libvirt's files and its machines'.</summary>
public abstract class LibvirtLab
{
    /// <summary>What tests may do on a machine where nothing is labelled, chowned or confined.
    /// </summary>
    protected const string QemuConf = """
        user = "root"
        group = "root"
        dynamic_ownership = 0
        remember_owner = 0
        security_driver = "none"
        namespaces = []
        cgroup_controllers = []
        stdio_handler = "file"
        """;

    private int _machines;

    public static string Host => "host-1";

    /// <summary>A socket's path is short.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("nclv-").FullName;

    public abstract string Uri { get; }

    protected abstract string RunFolder { get; }

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
        Path.Combine(RunFolder, $"qemu/{DomainIdentity.NameOf(id)}.pid")));

    /// <summary>Waits until the guest has said that it runs.</summary>
    public static async Task RunsAsync(MachineSpec machine) => await Until.TrueAsync(
        () => File.Exists(machine.ConsolePath)
            && File.ReadAllText(machine.ConsolePath).Contains(BootSectors.Word),
        $"the guest of {machine.Id} runs");

    /// <summary>Ends every machine of a libvirt that is only the test's.</summary>
    private protected static void RemoveAll(Connection connection)
    {
        foreach (var domain in connection.List())
        {
            using (domain)
            {
                domain.Destroy();
                domain.Undefine();
            }
        }
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

/// <summary>Waits, with a deadline that a busy machine keeps.</summary>
internal static class Until
{
    private const int MaxTries = 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    public static async Task TrueAsync(Func<bool> isTrue, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!isTrue())
        {
            Assert.True(clock.Elapsed < Deadline, $"not within {Deadline}: {what}");
            await Task.Delay(10);
        }
    }

    /// <summary>Gives a call up once it has begun. On a busy machine it may be over by then: it is
    /// undone and made again.</summary>
    /// <param name="call">What is given up; it has to end as cancelled.</param>
    /// <param name="hasBegun">Whether it is in its middle.</param>
    /// <param name="undo">Makes as if it had never been called.</param>
    public static async Task GivenUpAsync(
        Func<CancellationToken, Task> call, Func<bool> hasBegun, Func<Task> undo)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            using var giveUp = new CancellationTokenSource();
            var called = call(giveUp.Token);
            await TrueAsync(() => hasBegun() || called.IsCompleted, "the call has begun");
            await giveUp.CancelAsync();
            try
            {
                await called;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await undo();
        }

        Assert.Fail($"the call was made whole {MaxTries} times, though it was given up");
    }
}

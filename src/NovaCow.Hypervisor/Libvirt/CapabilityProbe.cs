using System.Runtime.InteropServices;
using System.Xml.Linq;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Finds out, once, what libvirt is here and what runs guests.</summary>
internal sealed class CapabilityProbe(
    LibvirtSettings settings, LibvirtCalls calls, LifecycleFeed feed, TimeProvider time)
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly KvmMemory _memory = new(settings.StateFolder, time);
    private HypervisorCapabilities? _found;

    /// <summary>Whom libvirt runs emulators as; null: it did not say, or was not asked yet.
    /// </summary>
    public (uint Uid, uint Gid)? User { get; private set; }

    /// <summary>What was found; a failure is not remembered.</summary>
    public async Task<HypervisorCapabilities> GetAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _found) is { } found)
            return found;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return _found ??= await FindOutAsync(cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The domain types that libvirt offers for a processor.</summary>
    internal static IReadOnlyList<string> DomainTypes(string capabilities, string architecture)
    {
        var all = XElement.Parse(capabilities).Elements("guest").Elements("arch").ToList();
        var chosen = all.FirstOrDefault(
            arch => arch.Attribute("name")?.Value == architecture) ?? all.FirstOrDefault();
        var types = chosen?.Elements("domain").Attributes("type") ?? [];
        return [.. types.Select(type => type.Value).Distinct()];
    }

    private static string Architecture => RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.Arm64 => "aarch64",
        _ => "x86_64",
    };

    private async Task<HypervisorCapabilities> FindOutAsync(CancellationToken cancellationToken)
    {
        var (type, (library, hypervisor), xml) = await calls.MakeAsync(
            $"libvirt at {settings.Uri} does not say what it can do",
            connection => (connection.Type, connection.Versions(), connection.Capabilities()),
            cancellationToken);
        var version = $"libvirt {library}, {type} {hypervisor}";
        User = EmulatorUser.In(xml);
        var types = DomainTypes(xml, Architecture);
        var (accelerator, warning) = types.Contains("test")
            ? ("test", "libvirt's test driver runs no guests")
            : await ChooseAsync(types.Contains("kvm"), version, cancellationToken);
        return new HypervisorCapabilities("libvirt", accelerator, version) { Warning = warning };
    }

    private async Task<(string Accelerator, string? Warning)> ChooseAsync(
        bool isKvmOffered, string version, CancellationToken cancellationToken)
    {
        const string slow = "guests are emulated, which is slow";
        if (settings.Accelerator == "qemu")
            return ("qemu", null);
        if (settings.Accelerator == "kvm")
        {
            return ("kvm", isKvmOffered ? null : "libvirt does not offer kvm, which the settings "
                + "ask for; no machine will start");
        }

        if (!isKvmOffered)
            return ("qemu", $"libvirt does not offer kvm: {slow}; is there a /dev/kvm?");
        if (Architecture != "x86_64")
            return ("kvm", $"whether kvm works is not tried on {Architecture}");
        var verdict = await TryKvmAsync(version, cancellationToken);
        return verdict.Works
            ? ("kvm", null)
            : ("qemu", $"kvm does not work here ({verdict.Reason}): {slow}");
    }

    private async Task<KvmVerdict> TryKvmAsync(
        string version, CancellationToken cancellationToken)
    {
        if (_memory.Recall(version) is { } known)
            return known;
        var trial = new KvmTrial(settings, calls, feed);
        var verdict = await trial.RunAsync(cancellationToken);
        if (verdict.IsCertain)
            _memory.Remember(version, verdict);
        return verdict;
    }
}

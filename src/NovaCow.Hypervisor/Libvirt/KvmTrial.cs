using System.Xml.Linq;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Whether a guest was seen to run on KVM.</summary>
/// <param name="Works">It was.</param>
/// <param name="Reason">Why it was not.</param>
/// <param name="IsCertain">Whether the same would be seen again.</param>
internal sealed record KvmVerdict(bool Works, string? Reason, bool IsCertain);

/// <summary>
/// Finds out whether KVM works by running a guest on it, of one sector, which powers off at once:
/// a device node that opens is no proof.
/// </summary>
internal sealed class KvmTrial(LibvirtSettings settings, LibvirtCalls calls, LifecycleFeed feed)
{
    /// <summary>Where KVM works the guest is off within one.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const int ImageBytes = 64 * 1024;
    private const string Doing = "the trial of kvm could not be made";

    /// <summary>mov dx,0x604; mov ax,0x2000; out dx,ax: the q35's ACPI register for power off, as
    /// its firmware sets it up. Then hlt, for ever.</summary>
    private static ReadOnlySpan<byte> PowerOff =>
        [0xBA, 0x04, 0x06, 0xB8, 0x00, 0x20, 0xEF, 0xF4, 0xEB, 0xFD];

    /// <summary>The trial's domain, which can be no instance's.</summary>
    public static string DomainName(string host) => $"novacow.kvm-trial.{host}";

    /// <summary>A disk that powers its machine off.</summary>
    internal static byte[] BootSector()
    {
        var sector = new byte[512];
        PowerOff.CopyTo(sector);
        (sector[510], sector[511]) = (0x55, 0xAA);
        return sector;
    }

    /// <summary>Runs it, and removes what it made.</summary>
    public async Task<KvmVerdict> RunAsync(CancellationToken cancellationToken)
    {
        var image = Path.Combine(settings.StateFolder, "kvm-trial.img");
        try
        {
            WriteImage(image);
            return await RunAsync(image, cancellationToken);
        }
        catch (Exception e) when (e is PortException or IOException or UnauthorizedAccessException)
        {
            return new KvmVerdict(Works: false, e.Message, IsCertain: false);
        }
        finally
        {
            if (File.Exists(image))
                File.Delete(image);
        }
    }

    private static void WriteImage(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = File.Create(path);
        file.Write(BootSector());
        file.SetLength(ImageBytes);
    }

    private async Task<KvmVerdict> RunAsync(string image, CancellationToken cancellationToken)
    {
        var uuid = Guid.NewGuid().ToString();
        using var stop = feed.ExpectStop(uuid);
        await calls.MakeAsync(Doing, connection => Start(connection, image, uuid), default);
        try
        {
            return await stop.NextAsync(Patience, cancellationToken) switch
            {
                Heard.Event { Signal.Detail: (int)StoppedDetail.ShutDown } =>
                    new KvmVerdict(Works: true, null, IsCertain: true),
                Heard.Event => new KvmVerdict(
                    Works: false, "the emulator broke on it", IsCertain: true),
                Heard.Nothing => new KvmVerdict(
                    Works: false,
                    $"a guest did nothing on it for {Patience.TotalSeconds:0} s",
                    IsCertain: true),
                _ => new KvmVerdict(
                    Works: false, "the connection was lost meanwhile", IsCertain: false),
            };
        }
        finally
        {
            await calls.MakeAsync(Doing, connection => End(connection, uuid), default);
        }
    }

    private bool Start(Connection connection, string image, string uuid)
    {
        using (var left = connection.Find(DomainName(settings.Host)))
        {
            if (left?.Metadata(DomainIdentity.Namespace) is { } mark && mark.Contains("<trial"))
                left.Destroy();
        }

        var isWithinProcess = settings.Uri.StartsWith("qemu:///embed", StringComparison.Ordinal);
        using var domain = connection.CreateTransient(
            Xml(image, uuid), endsWithConnection: !isWithinProcess);
        return true;
    }

    private static bool End(Connection connection, string uuid)
    {
        using var domain = connection.FindByUuid(uuid);
        domain?.Destroy();
        return true;
    }

    private string Xml(string image, string uuid)
    {
        XNamespace ours = DomainIdentity.Namespace;
        return new XElement(
            "domain",
            new XAttribute("type", "kvm"),
            new XElement("name", DomainName(settings.Host)),
            new XElement("uuid", uuid),
            new XElement("metadata", new XElement(
                ours + "trial", new XAttribute(XNamespace.Xmlns + "novacow", ours.NamespaceName))),
            new XElement("memory", new XAttribute("unit", "MiB"), 64),
            new XElement("vcpu", 1),
            new XElement("os", new XElement(
                "type", new XAttribute("arch", "x86_64"), new XAttribute("machine", "q35"), "hvm")),
            new XElement("features", new XElement("acpi")),
            new XElement("devices", Disk(image), NoUsb, NoBalloon)).ToString();
    }

    private static XElement NoUsb => new(
        "controller", new XAttribute("type", "usb"), new XAttribute("model", "none"));

    private static XElement NoBalloon => new("memballoon", new XAttribute("model", "none"));

    private static XElement Disk(string image) => new(
        "disk",
        new XAttribute("type", "file"),
        new XAttribute("device", "disk"),
        new XElement("driver", new XAttribute("name", "qemu"), new XAttribute("type", "raw")),
        new XElement("source", new XAttribute("file", image)),
        new XElement("target", new XAttribute("dev", "sda"), new XAttribute("bus", "sata")));
}

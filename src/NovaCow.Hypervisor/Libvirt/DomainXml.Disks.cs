using System.Xml.Linq;
using NovaCow.Core;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>A machine's disks.</summary>
public static partial class DomainXml
{
    private const string RawFormat = "raw";

    /// <summary>One disk alone, to be plugged in or out.</summary>
    /// <exception cref="PortException">InvalidRequest: there can be no such disk.</exception>
    public static string Disk(MachineDisk disk, DomainOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        MachineChecks.Check(disk);
        return DiskElement(disk, options).ToString();
    }

    /// <summary>By what libvirt and qemu know the disk; libvirt takes names of ours that begin so.
    /// </summary>
    internal static string AliasOf(DiskName disk) => $"ua-{disk}";

    private static XElement DiskElement(MachineDisk disk, DomainOptions options)
    {
        var type = disk.IsBlockDevice ? "block" : "file";
        return new XElement(
            "disk",
            new XAttribute("type", type),
            new XAttribute("device", "disk"),
            Driver(disk, options),
            Source(type, disk.Path),
            Backing(disk.BackingPath, options),
            new XElement(
                "target",
                new XAttribute("dev", disk.Device["/dev/".Length..]),
                new XAttribute("bus", "virtio")),
            new XElement("serial", disk.Name),
            new XElement("alias", new XAttribute("name", AliasOf(disk.Name))));
    }

    /// <summary>A write that fails stands still with the guest, be it that the store is full or
    /// that it broke: the guest goes on with it when somebody mended that. A read that fails is
    /// told to the guest, which can do without.</summary>
    private static XElement Driver(MachineDisk disk, DomainOptions options) => new(
        "driver",
        new XAttribute("name", "qemu"),
        new XAttribute("type", disk.Format),
        new XAttribute("cache", options.Cache),
        new XAttribute("error_policy", "stop"),
        new XAttribute("rerror_policy", "report"),
        new XAttribute("discard", "unmap"),
        new XAttribute("detect_zeroes", "unmap"));

    private static XElement Source(string type, string path) => new(
        "source", new XAttribute(type == "block" ? "dev" : "file", path));

    /// <summary>The chain to its end, which is an empty element.</summary>
    private static XElement Backing(string? path, DomainOptions options) => path is null
        ? new XElement("backingStore")
        : new XElement(
            "backingStore",
            new XAttribute("type", "file"),
            new XElement("format", new XAttribute("type", RawFormat)),
            Shared(path, options),
            new XElement("backingStore"));

    /// <summary>What clones share keeps its owner; said here where the whole domain does not say
    /// it.</summary>
    private static XElement Shared(string path, DomainOptions options)
    {
        var source = Source("file", path);
        if (options.DiskOwner is not null)
            return source;
        source.Add(new XElement(
            "seclabel", new XAttribute("model", "dac"), new XAttribute("relabel", "no")));
        return source;
    }

    /// <summary>A disc on a bus of its own, which even the kernels of clouds have a driver for and
    /// where it takes no name from the disks.</summary>
    private static XElement Seed(string path) => new(
        "disk",
        new XAttribute("type", "file"),
        new XAttribute("device", "cdrom"),
        new XElement(
            "driver", new XAttribute("name", "qemu"), new XAttribute("type", RawFormat)),
        Source("file", path),
        new XElement("backingStore"),
        new XElement("target", new XAttribute("dev", "sda"), new XAttribute("bus", "scsi")),
        new XElement("readonly"),
        new XElement("alias", new XAttribute("name", "ua-seed")));
}

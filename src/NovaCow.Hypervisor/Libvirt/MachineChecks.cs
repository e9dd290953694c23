using System.Xml;
using NovaCow.Core;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Refuses what could not be said to a hypervisor without being taken for something else,
/// before anything is made of it.</summary>
internal static class MachineChecks
{
    /// <summary>The disks' serials end after so many characters in the guest.</summary>
    private const int MaxSerialLength = 20;

    /// <exception cref="PortException">InvalidRequest: the machine cannot be.</exception>
    public static void Check(MachineSpec machine, DomainOptions options)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(options);
        Refuse($"machine of {machine.Id}", Problem(machine) ?? Problem(options));
        foreach (var disk in machine.Disks)
            Check(disk);
    }

    /// <exception cref="PortException">InvalidRequest: the disk cannot be.</exception>
    public static void Check(MachineDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        Refuse($"disk {disk.Name}", Problem(disk));
    }

    public static string? Problem(DomainOptions options) => options switch
    {
        { Cache: not ("none" or "writeback" or "directsync") } =>
            $"cache '{options.Cache}'; the host's settings say none, writeback or directsync",
        _ when !IsPlain(options.MachineType) =>
            $"machine type '{options.MachineType}'; the host's settings name one of qemu's",
        { Bridge: { } bridge } when !IsPlain(bridge) =>
            $"bridge '{bridge}'; the host's settings name one of the host's bridges",
        _ => PathProblem("emulator", options.Emulator),
    };

    private static string? Problem(MachineSpec machine)
    {
        var devices = machine.Disks.Select(d => d.Device).ToHashSet();
        var names = machine.Disks.Select(d => d.Name).ToHashSet();
        return machine switch
        {
            { Disks.Count: 0 } => "it has no disk; give it a root disk",
            { VCpus: < 1 } => $"{machine.VCpus} virtual processors; give it at least one",
            { MemoryBytes: < 1 << 20 } =>
                $"{machine.MemoryBytes} bytes of memory; give it at least 1 MiB",
            _ when devices.Count < machine.Disks.Count || names.Count < machine.Disks.Count =>
                "two of its disks have the same name or device; each needs its own",
            { Kernel.Arguments: { } text } when KernelCommandLine.Problem(text) is { } problem =>
                $"kernel arguments: {problem}",
            _ => PathProblem("console", machine.ConsolePath)
                ?? PathProblem("seed", machine.SeedPath)
                ?? PathProblem("kernel", machine.Kernel?.KernelPath)
                ?? PathProblem("ramdisk", machine.Kernel?.RamdiskPath),
        };
    }

    private static string? Problem(MachineDisk disk) => disk switch
    {
        { Format: not ("raw" or "qcow2") } =>
            $"format '{disk.Format}'; only raw and qcow2 are opened",
        { Format: "raw", BackingPath: not null } =>
            $"it is raw and refers to {disk.BackingPath}; only qcow2 can",
        { Name.IsBootFile: true } => "it is a file to boot with, and no disk",
        { Name.Value.Length: > MaxSerialLength } =>
            $"its name is longer than a serial, {MaxSerialLength} characters",
        _ when !IsDevice(disk.Device) =>
            $"device '{disk.Device}'; expected /dev/vda to /dev/vdz",
        _ => PathProblem("path", disk.Path) ?? PathProblem("backing path", disk.BackingPath),
    };

    private static bool IsDevice(string device) =>
        device.Length == "/dev/vda".Length
            && device.StartsWith("/dev/vd", StringComparison.Ordinal)
            && char.IsAsciiLetterLower(device[^1]);

    private static bool IsPlain(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');

    private static string? PathProblem(string what, string? path)
    {
        if (path is null)
            return null;
        var isSayable = path.StartsWith('/') && !path.Any(char.IsControl)
            && path.All(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c))
            && IsWellFormed(path);
        return isSayable
            ? null
            : $"{what}: expected an absolute path without control characters";
    }

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;
            i++;
        }

        return true;
    }

    private static void Refuse(string what, string? problem)
    {
        if (problem is not null)
            throw PortException.Final(LaunchErrorCode.InvalidRequest, $"{what}: {problem}");
    }
}

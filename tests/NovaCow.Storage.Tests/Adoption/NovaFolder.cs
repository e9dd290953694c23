using System.Text.Json;

namespace NovaCow.Storage.Tests;

/// <summary>A folder of instances as Nova leaves them, with real disks.</summary>
internal sealed class NovaFolder(string root)
{
    public const string First = "0b5d3a52-6c1e-4b0e-9f61-0d0c5a1f7e01";
    public const string Second = "1c6e4b63-7d2f-4c1f-8a72-1e1d6b2a8f02";

    public string Root => root;

    public string Base => $"{root}/_base/9d1e6f0a2b3c4d5e6f708192a3b4c5d6e7f80912";

    /// <summary>A base, and an instance with a root overlay, local storage and swap.</summary>
    public async Task MakeAsync()
    {
        Directory.CreateDirectory($"{root}/_base");
        Directory.CreateDirectory($"{root}/locks");
        TestImages.Raw(Base);
        await OverlayAsync(First, "disk", Base, "64M");
        await QcowAsync(First, "disk.eph0", "16M");
        File.WriteAllBytes($"{root}/{First}/disk.swap", new byte[1 << 20]);
        File.WriteAllText($"{root}/{First}/console.log", "booting");
        Describe(First, ("disk", "qcow2"), ("disk.eph0", "qcow2"), ("disk.swap", "raw"));
        File.WriteAllText($"{root}/{First}/libvirt.xml", """
            <domain type='kvm'><vcpu>4</vcpu><memory unit='KiB'>2097152</memory>
            <devices><disk type='file'><driver name='qemu' type='raw'/>
            <source file='/var/lib/nova/instances/x/disk'/></disk></devices></domain>
            """);
    }

    public async Task OverlayAsync(string id, string disk, string backing, string size)
    {
        Directory.CreateDirectory($"{root}/{id}");
        await TestTool.RunAsync(
            "qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", backing, "-F", "raw",
            $"{root}/{id}/{disk}", size);
    }

    public async Task QcowAsync(string id, string disk, string size)
    {
        Directory.CreateDirectory($"{root}/{id}");
        await TestTool.RunAsync(
            "qemu-img", "create", "-q", "-f", "qcow2", $"{root}/{id}/{disk}", size);
    }

    /// <summary>disk.info names the files by where they once were.</summary>
    public void Describe(string id, params (string Disk, string Format)[] disks) =>
        File.WriteAllText($"{root}/{id}/disk.info", JsonSerializer.Serialize(
            disks.ToDictionary(d => $"/var/lib/nova/instances/{id}/{d.Disk}", d => d.Format)));
}

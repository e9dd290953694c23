using NovaCow.Hypervisor.Libvirt;
using NovaCow.Hypervisor.Libvirt.Native;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

/// <summary>
/// A libvirt within the test process, with a root of its own in a temporary folder: of those a
/// process can have one. What it still runs at the end, it ends.
/// </summary>
public sealed class EmbeddedLibvirt : LibvirtLab, IDisposable
{
    private readonly EventLoop _loop;

    public EmbeddedLibvirt()
    {
        Directory.CreateDirectory(Path.Combine(Folder, "root/etc"));
        File.WriteAllText(Path.Combine(Folder, "root/etc/qemu.conf"), QemuConf);
        _loop = EventLoop.Use();
        Other = new Connection(Uri, new Deaf());
        Hypervisor = NewHypervisor(Host);
    }

    public override string Uri => $"qemu:///embed?root={Folder}/root";

    /// <summary>Somebody else's connection.</summary>
    internal Connection Other { get; }

    /// <summary>The one under test.</summary>
    public LibvirtHypervisor Hypervisor { get; }

    protected override string RunFolder => Path.Combine(Folder, "root/run");

    public void Dispose()
    {
        Hypervisor.Dispose();
        RemoveAll(Other);
        Other.Dispose();
        _loop.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>The classes that share it.</summary>
[CollectionDefinition(Name)]
public sealed class LibvirtCollection : ICollectionFixture<EmbeddedLibvirt>
{
    public const string Name = "libvirt";
}

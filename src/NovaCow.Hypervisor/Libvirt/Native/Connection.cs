namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>
/// One open connection, which tells of its domains' events until it is disposed. Its methods wait
/// for libvirt and throw what it says.
/// </summary>
internal sealed unsafe class Connection : IDisposable
{
    private const int KeepAliveSeconds = 5;
    private const int KeepAliveCount = 5;

    private readonly ConnectionHandle _handle;
    private readonly nint _number;
    private readonly IReadOnlyList<int> _callbacks;
    private int _disposed;

    /// <summary>Opens it, while an <see cref="EventLoop"/> runs.</summary>
    public Connection(string uri, ISignalSink sink)
    {
        _handle = LibvirtNative.virConnectOpen(uri);
        if (_handle.IsInvalid)
            throw LibvirtException.Last();
        _number = SignalCallbacks.Add(sink);
        try
        {
            // A driver within the process has no server to keep awake, and says so.
            _ = LibvirtNative.virConnectSetKeepAlive(_handle, KeepAliveSeconds, KeepAliveCount);
            SignalCallbacks.ListenForClose(_handle, _number);
            _callbacks = SignalCallbacks.Listen(_handle, _number);
        }
        catch (LibvirtException)
        {
            SignalCallbacks.Remove(_number);
            _handle.Dispose();
            throw;
        }
    }

    /// <summary>Whether calls can reach it.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                return LibvirtNative.virConnectIsAlive(_handle) > 0;
            }
            catch (ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>The driver's name, for example <c>QEMU</c>.</summary>
    public string Type => LibvirtLibrary.Text(LibvirtNative.virConnectGetType(_handle));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        SignalCallbacks.Remove(_number);
        SignalCallbacks.Ignore(_handle, _callbacks);
        SignalCallbacks.IgnoreClose(_handle);
        _handle.Dispose();
    }

    /// <summary>libvirt's version, and that of what it drives.</summary>
    public (string Library, string Hypervisor) Versions()
    {
        LibvirtException.Check(LibvirtNative.virConnectGetLibVersion(_handle, out var library));
        LibvirtException.Check(LibvirtNative.virConnectGetVersion(_handle, out var hypervisor));
        return (LibvirtLibrary.Version(library), LibvirtLibrary.Version(hypervisor));
    }

    /// <summary>What it can do, as XML.</summary>
    public string Capabilities() =>
        LibvirtLibrary.TakeText(LibvirtNative.virConnectGetCapabilities(_handle));

    /// <summary>The domain of this name; null: there is none.</summary>
    public Domain? Find(string name) => Found(LibvirtNative.virDomainLookupByName(_handle, name));

    /// <summary>The domain of this identity; null: there is none.</summary>
    public Domain? FindByUuid(string uuid) =>
        Found(LibvirtNative.virDomainLookupByUUIDString(_handle, uuid));

    /// <summary>Defines a domain, whose XML must hold against libvirt's schema.</summary>
    public Domain Define(string xml) => new(
        LibvirtNative.virDomainDefineXMLFlags(_handle, xml, LibvirtFlags.DefineValidate));

    /// <summary>Starts a domain that is gone once it ends.</summary>
    /// <param name="xml">The domain.</param>
    /// <param name="endsWithConnection">Whether this connection's end is its end; a driver within
    /// the process cannot do that.</param>
    public Domain CreateTransient(string xml, bool endsWithConnection) =>
        new(LibvirtNative.virDomainCreateXML(
            _handle, xml, endsWithConnection ? LibvirtFlags.CreateAutoDestroy : 0));

    /// <summary>Every domain; the caller disposes them.</summary>
    public IReadOnlyList<Domain> List()
    {
        var count = LibvirtException.Check(
            LibvirtNative.virConnectListAllDomains(_handle, out var domains, 0));
        var handles = new DomainHandle[count];
        for (var i = 0; i < count; i++)
            handles[i] = new DomainHandle(domains[i]);
        LibvirtNative.free(domains);
        return [.. handles.Select(handle => new Domain(handle))];
    }

    private static Domain? Found(DomainHandle handle)
    {
        if (!handle.IsInvalid)
            return new Domain(handle);
        var failure = LibvirtException.Last();
        return failure.Code == LibvirtCode.NoDomain ? null : throw failure;
    }
}

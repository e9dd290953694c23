using System.Runtime.InteropServices;

namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>
/// The functions of <c>libvirt.so.0</c> that are called, by their own names. What fails returns a
/// negative number, null or an invalid handle, and leaves an error for the calling thread.
/// </summary>
internal static unsafe partial class LibvirtNative
{
    public const string Library = "libvirt.so.0";

    /// <summary>Bytes of a UUID's text, its end included.</summary>
    public const int UuidStringBytes = 37;

    [LibraryImport(Library)]
    public static partial int virInitialize();

    [LibraryImport(Library)]
    public static partial int virGetVersion(out nuint library, nint type, nint typeVersion);

    [LibraryImport(Library)]
    public static partial NativeError* virGetLastError();

    [LibraryImport(Library)]
    public static partial void virSetErrorFunc(
        nint data, delegate* unmanaged[Cdecl]<nint, NativeError*, void> handler);

    [LibraryImport(Library)]
    public static partial int virEventRegisterDefaultImpl();

    [LibraryImport(Library)]
    public static partial int virEventRunDefaultImpl();

    [LibraryImport(Library)]
    public static partial int virEventAddTimeout(
        int milliseconds,
        delegate* unmanaged[Cdecl]<int, nint, void> callback,
        nint data,
        nint free);

    [LibraryImport(Library)]
    public static partial void virEventUpdateTimeout(int timer, int milliseconds);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial ConnectionHandle virConnectOpen(string uri);

    [LibraryImport(Library)]
    public static partial int virConnectClose(nint connection);

    [LibraryImport(Library)]
    public static partial int virConnectIsAlive(ConnectionHandle connection);

    [LibraryImport(Library)]
    public static partial int virConnectSetKeepAlive(
        ConnectionHandle connection, int seconds, uint count);

    /// <summary>Text of the library's own.</summary>
    [LibraryImport(Library)]
    public static partial byte* virConnectGetType(ConnectionHandle connection);

    [LibraryImport(Library)]
    public static partial int virConnectGetVersion(
        ConnectionHandle connection, out nuint version);

    [LibraryImport(Library)]
    public static partial int virConnectGetLibVersion(
        ConnectionHandle connection, out nuint version);

    /// <summary>Text for the caller to free.</summary>
    [LibraryImport(Library)]
    public static partial byte* virConnectGetCapabilities(ConnectionHandle connection);

    [LibraryImport(Library)]
    public static partial int virConnectRegisterCloseCallback(
        ConnectionHandle connection,
        delegate* unmanaged[Cdecl]<nint, int, nint, void> callback,
        nint data,
        nint free);

    [LibraryImport(Library)]
    public static partial int virConnectUnregisterCloseCallback(
        ConnectionHandle connection, delegate* unmanaged[Cdecl]<nint, int, nint, void> callback);

    /// <summary>The callback's shape depends on the event.</summary>
    [LibraryImport(Library)]
    public static partial int virConnectDomainEventRegisterAny(
        ConnectionHandle connection, nint domain, int id, void* callback, nint data, nint free);

    [LibraryImport(Library)]
    public static partial int virConnectDomainEventDeregisterAny(
        ConnectionHandle connection, int callback);

    /// <summary>An array for the caller to free, of handles for the caller to free.</summary>
    [LibraryImport(Library)]
    public static partial int virConnectListAllDomains(
        ConnectionHandle connection, out nint* domains, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial DomainHandle virDomainLookupByName(
        ConnectionHandle connection, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial DomainHandle virDomainLookupByUUIDString(
        ConnectionHandle connection, string uuid);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial DomainHandle virDomainDefineXMLFlags(
        ConnectionHandle connection, string xml, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial DomainHandle virDomainCreateXML(
        ConnectionHandle connection, string xml, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainFree(nint domain);

    /// <summary>Text of the handle's own.</summary>
    [LibraryImport(Library)]
    public static partial byte* virDomainGetName(DomainHandle domain);

    [LibraryImport(Library)]
    public static partial int virDomainGetUUIDString(DomainHandle domain, byte* text);

    /// <summary>The same of a domain that a callback lends.</summary>
    [LibraryImport(Library)]
    public static partial int virDomainGetUUIDString(nint domain, byte* text);

    [LibraryImport(Library)]
    public static partial int virDomainGetState(
        DomainHandle domain, out int state, out int reason, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainIsActive(DomainHandle domain);

    /// <summary>Text for the caller to free.</summary>
    [LibraryImport(Library)]
    public static partial byte* virDomainGetXMLDesc(DomainHandle domain, uint flags);

    /// <summary>Text for the caller to free.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial byte* virDomainGetMetadata(
        DomainHandle domain, int type, string uri, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainCreate(DomainHandle domain);

    [LibraryImport(Library)]
    public static partial int virDomainShutdownFlags(DomainHandle domain, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainSuspend(DomainHandle domain);

    [LibraryImport(Library)]
    public static partial int virDomainResume(DomainHandle domain);

    [LibraryImport(Library)]
    public static partial int virDomainDestroyFlags(DomainHandle domain, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainUndefineFlags(DomainHandle domain, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int virDomainAttachDeviceFlags(
        DomainHandle domain, string xml, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int virDomainDetachDeviceFlags(
        DomainHandle domain, string xml, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int virDomainDetachDeviceAlias(
        DomainHandle domain, string alias, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int virDomainBackupBegin(
        DomainHandle domain, string backup, string? checkpoint, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainGetJobStats(
        DomainHandle domain, out int type, out TypedParameter* values, out int count, uint flags);

    /// <summary>Text for the caller to free.</summary>
    [LibraryImport(Library)]
    public static partial byte* virDomainBackupGetXMLDesc(DomainHandle domain, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int virDomainGetBlockInfo(
        DomainHandle domain, string disk, out BlockInfo info, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainAbortJob(DomainHandle domain);

    [LibraryImport(Library)]
    public static partial int virDomainFSFreeze(
        DomainHandle domain, nint mountPoints, uint count, uint flags);

    [LibraryImport(Library)]
    public static partial int virDomainFSThaw(
        DomainHandle domain, nint mountPoints, uint count, uint flags);

    [LibraryImport(Library)]
    public static partial void virTypedParamsFree(TypedParameter* values, int count);

    /// <summary>What libvirt lets its callers free is the C library's.</summary>
    [LibraryImport("libc")]
    public static partial void free(void* memory);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int setenv(string name, string value, int overwrite);

    /// <summary>struct _virError.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct NativeError
    {
        public int Code;
        public int Domain;
        public byte* Message;
        public int Level;
        private readonly nint _connection;
        private readonly nint _domainObject;
        private readonly nint _text1;
        private readonly nint _text2;
        private readonly nint _text3;
        private readonly int _number1;
        private readonly int _number2;
        private readonly nint _network;
    }

    /// <summary>struct _virDomainBlockInfo.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct BlockInfo
    {
        /// <summary>The size that the guest sees, in bytes.</summary>
        public ulong Capacity;
        private readonly ulong _allocation;
        private readonly ulong _physical;
    }

    /// <summary>struct _virTypedParameter.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 96)]
    public struct TypedParameter
    {
        /// <summary>Its name, ended by a zero.</summary>
        [FieldOffset(0)]
        public fixed byte Name[80];

        [FieldOffset(80)]
        public int Type;

        [FieldOffset(88)]
        public int Int32;

        [FieldOffset(88)]
        public ulong UInt64;

        [FieldOffset(88)]
        public byte* Text;
    }
}

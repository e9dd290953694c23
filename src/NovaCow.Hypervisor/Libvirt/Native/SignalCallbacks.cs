using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>
/// What libvirt calls: static functions, which no collector moves, and which find the one to tell
/// by the number that was given with them.
/// </summary>
internal static unsafe class SignalCallbacks
{
    private static readonly ConcurrentDictionary<nint, ISignalSink> Sinks = new();
    private static long _last;

    /// <summary>Remembers whom to tell.</summary>
    /// <returns>The number to register callbacks with.</returns>
    public static nint Add(ISignalSink sink)
    {
        var number = (nint)Interlocked.Increment(ref _last);
        Sinks[number] = sink;
        return number;
    }

    /// <summary>Tells it nothing more.</summary>
    public static void Remove(nint number) => Sinks.TryRemove(number, out _);

    /// <summary>Listens to a connection's domains.</summary>
    /// <returns>What <see cref="Ignore"/> takes.</returns>
    public static IReadOnlyList<int> Listen(ConnectionHandle connection, nint number)
    {
        var registered = new List<int>();
        try
        {
            Register(DomainEventId.Lifecycle, (delegate* unmanaged[Cdecl]
                <nint, nint, int, int, nint, void>)&OnLifecycle);
            Register(DomainEventId.DeviceRemoved, (delegate* unmanaged[Cdecl]
                <nint, nint, byte*, nint, void>)&OnRemoved);
            Register(DomainEventId.DeviceRemovalFailed, (delegate* unmanaged[Cdecl]
                <nint, nint, byte*, nint, void>)&OnRemovalFailed);
            Register(DomainEventId.JobCompleted, (delegate* unmanaged[Cdecl]
                <nint, nint, LibvirtNative.TypedParameter*, int, nint, void>)&OnJobCompleted);
        }
        catch (LibvirtException)
        {
            Ignore(connection, registered);
            throw;
        }

        return registered;

        void Register(DomainEventId id, void* callback) =>
            registered.Add(LibvirtException.Check(LibvirtNative.virConnectDomainEventRegisterAny(
                connection, 0, (int)id, callback, number, 0)));
    }

    /// <summary>Ends what <see cref="Listen"/> began.</summary>
    public static void Ignore(ConnectionHandle connection, IEnumerable<int> registered)
    {
        foreach (var callback in registered)
            _ = LibvirtNative.virConnectDomainEventDeregisterAny(connection, callback);
    }

    /// <summary>Is told when the connection is gone; a driver within the process has none to
    /// lose.</summary>
    public static void ListenForClose(ConnectionHandle connection, nint number) =>
        _ = LibvirtNative.virConnectRegisterCloseCallback(connection, &OnClosed, number, 0);

    /// <summary>Ends what <see cref="ListenForClose"/> began.</summary>
    public static void IgnoreClose(ConnectionHandle connection) =>
        _ = LibvirtNative.virConnectUnregisterCloseCallback(connection, &OnClosed);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLifecycle(nint connection, nint domain, int what, int detail, nint data)
    {
        var signal = new DomainSignal(DomainEventId.Lifecycle, UuidOf(domain))
        {
            Event = (LifecycleEvent)what, Detail = detail,
        };
        Tell(data, signal);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnRemoved(nint connection, nint domain, byte* alias, nint data) =>
        Tell(data, new DomainSignal(DomainEventId.DeviceRemoved, UuidOf(domain))
        {
            Text = LibvirtLibrary.Text(alias),
        });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnRemovalFailed(nint connection, nint domain, byte* alias, nint data) =>
        Tell(data, new DomainSignal(DomainEventId.DeviceRemovalFailed, UuidOf(domain))
        {
            Text = LibvirtLibrary.Text(alias),
        });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnJobCompleted(
        nint connection,
        nint domain,
        LibvirtNative.TypedParameter* values,
        int count,
        nint data)
    {
        var job = JobStatistics.Read(JobType.None, values, count);
        Tell(data, new DomainSignal(DomainEventId.JobCompleted, UuidOf(domain))
        {
            Succeeded = job.Succeeded ?? true, Text = job.Problem,
        });
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnClosed(nint connection, int reason, nint data)
    {
        if (Sinks.TryGetValue(data, out var sink))
            sink.OnClosed();
    }

    private static void Tell(nint number, DomainSignal signal)
    {
        if (Sinks.TryGetValue(number, out var sink))
            sink.OnSignal(signal);
    }

    private static string UuidOf(nint domain)
    {
        var text = stackalloc byte[LibvirtNative.UuidStringBytes];
        return LibvirtNative.virDomainGetUUIDString(domain, text) == 0
            ? LibvirtLibrary.Text(text)
            : "";
    }
}

namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>An event of a domain's, as it comes from libvirt.</summary>
/// <param name="Id">Which kind.</param>
/// <param name="Uuid">The domain.</param>
internal readonly record struct DomainSignal(DomainEventId Id, string Uuid)
{
    /// <summary>Of a lifecycle event, what happened.</summary>
    public LifecycleEvent Event { get; init; }

    /// <summary>Of a lifecycle event, its detail, whose meaning depends on the event.</summary>
    public int Detail { get; init; }

    /// <summary>The alias of the device that was removed, or not; or why a job failed.</summary>
    public string? Text { get; init; }

    /// <summary>Of a job's end, whether it did what it was to do.</summary>
    public bool Succeeded { get; init; }
}

/// <summary>Who is told of a connection's events, on the thread of <see cref="EventLoop"/>: it
/// must neither block nor call libvirt.</summary>
internal interface ISignalSink
{
    /// <summary>A domain's event.</summary>
    void OnSignal(DomainSignal signal);

    /// <summary>The connection is gone; it comes no more than once.</summary>
    void OnClosed();
}

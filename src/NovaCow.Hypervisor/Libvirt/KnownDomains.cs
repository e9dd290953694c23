using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// What was last told of this host's machines, and whose each domain is: a domain that is gone no
/// longer says so itself. Used by one thread.
/// </summary>
internal sealed class KnownDomains(string host, Action<MachineEvent> tell)
{
    private readonly Dictionary<string, InstanceId?> _owners = [];
    private readonly Dictionary<InstanceId, MachineStatus> _told = [];
    private Connection? _connection;
    private bool _isListed;

    /// <summary>Finds out from a list what changed; the first one is where it begins.</summary>
    public void Relist(Connection connection)
    {
        _connection = connection;
        Relist();
    }

    /// <summary>The same by the connection that there is.</summary>
    /// <param name="isCurrent">Whether the list still counts once it is made; null: it does.
    /// </param>
    public void Relist(Func<bool>? isCurrent = null)
    {
        if (_connection is null || List() is not { } machines || isCurrent?.Invoke() == false)
            return;
        foreach (var (id, status) in machines)
        {
            if (_isListed)
                Tell(id, status);
            _told[id] = status;
        }

        foreach (var id in _told.Keys.Except(machines.Keys).ToList())
        {
            if (_told[id].IsOn)
                Tell(id, new MachineStatus(PowerState.Stopped, PowerCause.Unknown));
            _told.Remove(id);
        }

        _isListed = true;
    }

    /// <summary>Tells what an event made of a machine of this host's.</summary>
    public void OnSignal(DomainSignal signal)
    {
        if (signal.Event == LifecycleEvent.Defined)
            _owners.Remove(signal.Uuid);
        var owner = OwnerOf(signal.Uuid);
        if (owner is not null && DomainStatus.After(signal.Event, signal.Detail) is { } status)
            Tell(owner, status);
        var mayBeGone = signal.Event is LifecycleEvent.Stopped or LifecycleEvent.Undefined;
        if (!mayBeGone || Exists(signal.Uuid))
            return;
        _owners.Remove(signal.Uuid);
        if (owner is not null && !_owners.ContainsValue(owner))
            _told.Remove(owner);
    }

    private void Tell(InstanceId id, MachineStatus status)
    {
        if (_told.GetValueOrDefault(id) == status)
            return;
        _told[id] = status;
        tell(new MachineEvent(id, status));
    }

    /// <summary>A domain may go, or the connection be replaced, while it is looked at.</summary>
    private static bool IsGone(Exception e) => e is LibvirtException or ObjectDisposedException;

    private InstanceId? OwnerOf(string uuid)
    {
        if (_owners.TryGetValue(uuid, out var known))
            return known;
        try
        {
            using var domain = _connection?.FindByUuid(uuid);
            if (domain is null)
                return null;
            var owner = DomainOwner.InstanceOf(domain, host);
            _owners[uuid] = owner;
            return owner;
        }
        catch (Exception e) when (IsGone(e))
        {
            // It is gone, or the connection is, and then a list follows.
            return null;
        }
    }

    private bool Exists(string uuid)
    {
        try
        {
            using var domain = _connection?.FindByUuid(uuid);
            return domain is not null;
        }
        catch (Exception e) when (IsGone(e))
        {
            return true;
        }
    }

    private Dictionary<InstanceId, MachineStatus>? List()
    {
        IReadOnlyList<Domain> domains;
        try
        {
            domains = _connection!.List();
        }
        catch (Exception e) when (IsGone(e))
        {
            return null;
        }

        _owners.Clear();
        var machines = new Dictionary<InstanceId, MachineStatus>();
        foreach (var domain in domains)
        {
            using (domain)
                Look(domain, machines);
        }

        return machines;
    }

    private void Look(Domain domain, Dictionary<InstanceId, MachineStatus> machines)
    {
        try
        {
            var owner = DomainOwner.InstanceOf(domain, host);
            _owners[domain.Uuid] = owner;
            if (owner is null)
                return;
            var (state, reason) = domain.State();
            machines[owner] = DomainStatus.Of(state, reason);
        }
        catch (Exception e) when (IsGone(e))
        {
            // It went away while the others were looked at.
        }
    }
}

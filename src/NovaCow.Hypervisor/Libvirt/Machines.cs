using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>What is done to a host's own domains, one call's worth of waiting each: it finds them,
/// and refuses those of others.</summary>
/// <param name="host">The host.</param>
internal sealed class Machines(string host)
{
    /// <summary>The instance's domain; null: there is none.</summary>
    /// <exception cref="PortException">There is one of its name that is not this host's.
    /// </exception>
    public Domain? Find(Connection connection, InstanceId id)
    {
        var domain = connection.Find(DomainIdentity.NameOf(id));
        if (domain is null || DomainOwner.InstanceOf(domain, host) == id)
            return domain;
        domain.Dispose();
        throw NotOurs(id);
    }

    /// <summary>The instance's domain, which runs.</summary>
    /// <exception cref="PortException">It does not run, or is not this host's.</exception>
    public Domain FindRunning(Connection connection, InstanceId id)
    {
        var domain = Find(connection, id);
        if (domain?.IsActive == true)
            return domain;
        domain?.Dispose();
        throw LibvirtFailure.Refusal(
            $"machine {id}: it does not run on host {host}; start the instance first");
    }

    /// <summary>Starts it unless it runs, defined anew; a guest that stands still goes on. What does
    /// not start leaves no definition.</summary>
    public Ensured<MachineStatus> EnsureRunning(Connection connection, InstanceId id, string xml)
    {
        using var before = Find(connection, id);
        if (before is not null)
        {
            var (state, reason) = before.State();
            if (DomainStatus.Of(state, reason) is
                { IsOn: true, State: not PowerState.Stopping } status)
            {
                if (state == DomainState.Paused)
                {
                    before.Resume();
                    status = new MachineStatus(PowerState.Running, PowerCause.Started);
                }

                return new Ensured<MachineStatus>(status, Created: false);
            }

            End(before);
            before.Undefine();
        }

        using var domain = connection.Define(xml);
        try
        {
            domain.Create();
        }
        catch (LibvirtException)
        {
            domain.Undefine();
            throw;
        }

        return new Ensured<MachineStatus>(
            new MachineStatus(PowerState.Running, PowerCause.Started), Created: true);
    }

    /// <summary>Ends it, when it runs.</summary>
    /// <returns>Whether it ran.</returns>
    public bool End(Connection connection, InstanceId id)
    {
        using var domain = Find(connection, id);
        return domain is not null && End(domain);
    }

    /// <summary>Presses its power button.</summary>
    /// <returns>Whether it runs.</returns>
    public bool PressPowerButton(Connection connection, InstanceId id)
    {
        using var domain = Find(connection, id);
        if (domain?.IsActive != true)
            return false;
        try
        {
            domain.PressPowerButton();
        }
        catch (LibvirtException e) when (connection.IsAlive)
        {
            // The grace is for a guest that cannot be asked, too; what runs is ended after it.
            return e.Code != LibvirtCode.OperationInvalid || domain.IsActive;
        }

        return true;
    }

    /// <summary>Ends it, and removes its definition. A domain that no host made has but its name,
    /// and is left as it is: there is no machine to remove.</summary>
    public bool Remove(Connection connection, InstanceId id)
    {
        using var domain = connection.Find(DomainIdentity.NameOf(id));
        if (domain is null || !DomainOwner.IsMarked(domain))
            return false;
        if (DomainOwner.InstanceOf(domain, host) != id)
            throw NotOurs(id);
        End(domain);
        domain.Undefine();
        return true;
    }

    /// <summary>Every domain, this host's and others.</summary>
    public MachineInventory List(Connection connection)
    {
        var machines = new Dictionary<InstanceId, MachineStatus>();
        var strangers = new List<string>();
        foreach (var domain in connection.List())
        {
            using (domain)
                Look(domain, machines, strangers);
        }

        return new MachineInventory(machines, strangers);
    }

    private PortException NotOurs(InstanceId id) => LibvirtFailure.Refusal(
        $"machine {id}: libvirt has a domain {DomainIdentity.NameOf(id)} that is not of host "
            + $"{host}, and was left alone; rename or undefine it, or choose another instance id");

    private static bool End(Domain domain)
    {
        if (!domain.IsActive)
            return false;
        domain.Destroy();
        return true;
    }

    private void Look(
        Domain domain, Dictionary<InstanceId, MachineStatus> machines, List<string> strangers)
    {
        try
        {
            if (DomainOwner.InstanceOf(domain, host) is { } id)
            {
                var (state, reason) = domain.State();
                machines[id] = DomainStatus.Of(state, reason);
            }
            else if (domain.Name != KvmTrial.DomainName(host))
            {
                strangers.Add(domain.Name);
            }
        }
        catch (LibvirtException e) when (e.Code == LibvirtCode.NoDomain)
        {
            // It went away while the others were looked at.
        }
    }
}

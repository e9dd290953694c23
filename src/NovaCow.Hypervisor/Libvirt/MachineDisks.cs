using System.Xml.Linq;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Plugs disks into running machines, and out of them. A disk is known by its serial,
/// which is its name.</summary>
internal sealed class MachineDisks(
    Machines machines, LibvirtCalls calls, LifecycleFeed feed, TimeProvider time)
{
    /// <summary>Plugs a disk in, unless it is.</summary>
    public Task AttachAsync(
        InstanceId id, DiskName disk, string xml, CancellationToken cancellationToken) =>
        calls.ForAsync(
            id, $"machine {id}: disk {disk} could not be attached",
            connection =>
            {
                using var domain = machines.FindRunning(connection, id);
                if (Find(domain.Xml(inactive: false), disk) is not null)
                    return false;
                domain.AttachDevice(xml);
                return true;
            },
            cancellationToken);

    /// <summary>Plugs a disk out, and waits for the guest.</summary>
    public async Task DetachAsync(
        InstanceId id, DiskName disk, TimeSpan patience, CancellationToken cancellationToken)
    {
        var failure = $"machine {id}: disk {disk} could not be detached";
        var began = time.GetTimestamp();
        var found = await calls.ForAsync(
            id, failure, connection => Look(connection, id, disk), cancellationToken);
        if (found is { IsLive: true })
        {
            using var change = feed.Expect(signal =>
                signal.Uuid == found.Uuid && (IsRemoval(signal, found.Alias) || IsStop(signal)));
            await calls.ForAsync(
                id, failure, connection => Ask(connection, id, found.Alias), cancellationToken);
            while (true)
            {
                var left = patience - time.GetElapsedTime(began);
                var heard = await change.NextAsync(
                    left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken);
                if (heard is Heard.Event { Signal.Id: DomainEventId.DeviceRemovalFailed })
                    throw Kept(id, disk, "the guest refused");
                var now = await calls.ForAsync(
                    id, failure, connection => Look(connection, id, disk), cancellationToken);
                if (now is not { IsLive: true })
                    break;
                if (heard is Heard.Nothing)
                    throw Kept(id, disk, $"not within {patience.TotalSeconds:0.#} s");
            }
        }

        await calls.ForAsync(
            id, failure, connection => RemoveFromDefinition(connection, id, disk),
            cancellationToken);
    }

    /// <summary>The disk in a domain's XML; null: it has none of that name.</summary>
    internal static XElement? Find(string domain, DiskName disk) => XElement.Parse(domain)
        .Elements("devices").Elements("disk")
        .FirstOrDefault(element => element.Element("serial")?.Value == disk.Value);

    private static bool IsRemoval(DomainSignal signal, string alias) => signal.Text == alias
        && signal.Id is DomainEventId.DeviceRemoved or DomainEventId.DeviceRemovalFailed;

    private static bool IsStop(DomainSignal signal) =>
        signal is { Id: DomainEventId.Lifecycle, Event: LifecycleEvent.Stopped };

    private static PortException Kept(InstanceId id, DiskName disk, string how) =>
        PortException.Retryable(
            LaunchErrorCode.Hypervisor,
            $"machine {id}: its guest did not let go of disk {disk}: {how}; unmount it in the "
                + "guest and try again, or stop the instance");

    private Attachment? Look(Connection connection, InstanceId id, DiskName disk)
    {
        using var domain = machines.Find(connection, id);
        if (domain is null)
            return null;
        var isLive = domain.IsActive;
        var alias = isLive
            ? Find(domain.Xml(inactive: false), disk)?.Element("alias")?.Attribute("name")?.Value
            : null;
        return new Attachment(domain.Uuid, alias ?? "", isLive && alias is not null);
    }

    private bool Ask(Connection connection, InstanceId id, string alias)
    {
        using var domain = machines.Find(connection, id);
        if (domain?.IsActive != true)
            return false;
        try
        {
            domain.AskToDetach(alias);
            return true;
        }
        catch (LibvirtException e)
            when (e.Code == LibvirtCode.DeviceMissing || !domain.IsActive)
        {
            return false;
        }
    }

    private bool RemoveFromDefinition(Connection connection, InstanceId id, DiskName disk)
    {
        using var domain = machines.Find(connection, id);
        if (domain is null || Find(domain.Xml(inactive: true), disk) is not { } element)
            return false;
        domain.RemoveFromDefinition(element.ToString());
        return true;
    }

    private sealed record Attachment(string Uuid, string Alias, bool IsLive);
}

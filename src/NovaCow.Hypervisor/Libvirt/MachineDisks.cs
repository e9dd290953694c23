using System.Xml.Linq;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>Plugs disks into running machines, and out of them. A disk is known by its serial,
/// which is its name.</summary>
internal sealed class MachineDisks(
    Machines machines, LibvirtCalls calls, LifecycleFeed feed, TimeProvider time)
{
    /// <summary>A machine that cannot be asked may be ending, and has within.</summary>
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(5);

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
        var detach = new Detach(id, disk, $"machine {id}: disk {disk} could not be detached");
        var found = await calls.ForAsync(
            id, detach.Failure, connection => Look(connection, id, disk), cancellationToken);
        if (found is { IsLive: true })
            await LetGoAsync(detach, found, patience, cancellationToken);
        await calls.ForAsync(
            id, detach.Failure, connection => RemoveFromDefinition(connection, id, disk),
            cancellationToken);
    }

    private async Task LetGoAsync(
        Detach detach, Attachment found, TimeSpan patience, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        using var change = feed.Expect(signal =>
            signal.Uuid == found.Uuid && (IsRemoval(signal, found.Alias) || IsStop(signal)));
        var refusal = await calls.ForAsync(
            detach.Id, detach.Failure, connection => Ask(connection, detach.Id, found.Alias),
            cancellationToken);
        if (refusal is not null)
            patience = EndsWithin;
        while (true)
        {
            var left = patience - time.GetElapsedTime(began);
            var heard = await change.NextAsync(
                left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken);
            if (heard is Heard.Event { Signal.Id: DomainEventId.DeviceRemovalFailed })
                throw Kept(detach, "the guest refused");
            var now = await calls.ForAsync(
                detach.Id, detach.Failure,
                connection => Look(connection, detach.Id, detach.Disk), cancellationToken);
            if (now is not { IsLive: true })
                return;
            if (heard is not Heard.Nothing)
                continue;
            throw refusal is not null
                ? LibvirtFailure.Of(detach.Failure, refusal)
                : Kept(detach, $"not within {patience.TotalSeconds:0.#} s");
        }
    }

    /// <summary>The disk in a domain's XML; null: it has none of that name.</summary>
    internal static XElement? Find(string domain, DiskName disk) => XElement.Parse(domain)
        .Elements("devices").Elements("disk")
        .FirstOrDefault(element => element.Element("serial")?.Value == disk.Value);

    private static bool IsRemoval(DomainSignal signal, string alias) => signal.Text == alias
        && signal.Id is DomainEventId.DeviceRemoved or DomainEventId.DeviceRemovalFailed;

    private static bool IsStop(DomainSignal signal) =>
        signal is { Id: DomainEventId.Lifecycle, Event: LifecycleEvent.Stopped };

    private static PortException Kept(Detach detach, string how) => PortException.Retryable(
        LaunchErrorCode.Hypervisor,
        $"machine {detach.Id}: its guest did not let go of disk {detach.Disk}: {how}; unmount it "
            + "in the guest and try again, or stop the instance");

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

    /// <returns>Why it could not be asked; null: it was, or there is nothing to ask for.
    /// </returns>
    private LibvirtException? Ask(Connection connection, InstanceId id, string alias)
    {
        using var domain = machines.Find(connection, id);
        if (domain?.IsActive != true)
            return null;
        try
        {
            domain.AskToDetach(alias);
        }
        catch (LibvirtException e) when (connection.IsAlive)
        {
            return e.Code == LibvirtCode.DeviceMissing ? null : e;
        }

        return null;
    }

    private bool RemoveFromDefinition(Connection connection, InstanceId id, DiskName disk)
    {
        using var domain = machines.Find(connection, id);
        if (domain is null || Find(domain.Xml(inactive: true), disk) is not { } element)
            return false;
        domain.RemoveFromDefinition(element.ToString());
        return true;
    }

    /// <summary>One call's words.</summary>
    private sealed record Detach(InstanceId Id, DiskName Disk, string Failure);

    private sealed record Attachment(string Uuid, string Alias, bool IsLive);
}

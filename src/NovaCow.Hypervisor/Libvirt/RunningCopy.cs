using System.Xml.Linq;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>
/// Copies a disk of a running machine as it was at one moment: what the guest overwrites meanwhile
/// is copied before. The machine's own chain of files stays as it is, so that a crash in the
/// middle leaves nothing to put right but the unfinished copy.
/// </summary>
internal sealed class RunningCopy(
    Machines machines, LibvirtCalls calls, LifecycleFeed feed, Func<(uint Uid, uint Gid)?> owner)
{
    /// <summary>How often progress is asked for; that it ended an event says.</summary>
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>An abandoned copy ends within; if not, the machine's emulator is stuck.</summary>
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(30);

    /// <summary>Makes the copy, or ends what it began and throws.</summary>
    public async Task MakeAsync(
        InstanceId id,
        DiskName disk,
        string target,
        IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        var copy = new Copy(id, target, $"machine {id}: disk {disk} could not be copied");
        await EndLeftoverAsync(copy, cancellationToken);
        var uuid = await calls.ForAsync(
            id, copy.Failure,
            connection =>
            {
                using var domain = machines.FindRunning(connection, id);
                return domain.Uuid;
            },
            cancellationToken);
        using var end = feed.Expect(signal => signal.Uuid == uuid && IsEnd(signal));
        try
        {
            await calls.ForAsync(
                id, copy.Failure, connection => Begin(connection, copy, disk),
                CancellationToken.None);
            await WaitAsync(copy, end, progress, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or PortException)
        {
            await AbandonAsync(copy, end);
            throw;
        }

        OnTarget(copy, () => SparseFile.ReleaseZeroes(target));
    }

    private static bool IsEnd(DomainSignal signal) => signal.Id == DomainEventId.JobCompleted
        || signal is { Id: DomainEventId.Lifecycle, Event: LifecycleEvent.Stopped };

    private async Task WaitAsync(
        Copy copy, Expectation end, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            var heard = await end.NextAsync(ProgressEvery, cancellationToken);
            if (heard is Heard.Event { Signal.Id: not DomainEventId.JobCompleted })
                throw Failed(copy, "the machine stopped meanwhile");
            if (heard is Heard.Event { Signal: { Succeeded: false } signal })
                throw Failed(copy, signal.Text ?? "libvirt gave no reason");
            var job = await calls.ForAsync(
                copy.Id, copy.Failure, connection => Look(connection, copy, heard is Heard.Event),
                cancellationToken);
            progress?.Report(job.DiskProcessedBytes);
            if (job.Type == JobType.Completed)
                return;
            if (job.Type is JobType.Failed or JobType.Cancelled)
                throw Failed(copy, job.Problem ?? "it was aborted by somebody else");
        }
    }

    /// <summary>How the copying goes, or how it ended.</summary>
    private JobStatistics Look(Connection connection, Copy copy, bool hasEnded)
    {
        using var domain = machines.FindRunning(connection, copy.Id);
        var job = hasEnded ? null : domain.Job(last: false);
        return job is { Type: not JobType.None } ? job : domain.Job(last: true);
    }

    /// <summary>Quiesces the guest only for the moment in which the copying begins.</summary>
    private bool Begin(Connection connection, Copy copy, DiskName disk)
    {
        using var domain = machines.FindRunning(connection, copy.Id);
        var devices = XElement.Parse(domain.Xml(inactive: false)).Elements("devices");
        var all = devices.Elements("disk").ToList();
        var chosen = all.FirstOrDefault(one => one.Element("serial")?.Value == disk.Value)
            ?? throw LibvirtFailure.Refusal(
                $"machine {copy.Id}: it has no disk {disk}; attach it, or choose another");
        var device = DeviceOf(chosen);
        var bytes = domain.CapacityBytes(device);

        // Made here, it belongs to this process's user before and after libvirt lends it to the
        // emulator's.
        OnTarget(copy, () => SparseFile.Create(copy.Target, bytes, owner()));
        var xml = Xml(all.Select(DeviceOf), device, copy.Target);
        var isQuiet = domain.TryFreeze();
        try
        {
            domain.BeginBackup(xml);
        }
        finally
        {
            if (isQuiet)
                domain.Thaw();
        }

        return isQuiet;
    }

    /// <summary>A copy that this host began before it crashed is told by its file.</summary>
    private async Task EndLeftoverAsync(Copy copy, CancellationToken cancellationToken)
    {
        var uuid = await calls.ForAsync(
            copy.Id, copy.Failure, connection => Leftover(connection, copy), cancellationToken);
        if (uuid is null)
            return;
        using var end = feed.Expect(signal => signal.Uuid == uuid && IsEnd(signal));
        await AbandonAsync(copy, end);
        OnTarget(copy, () => File.Delete(copy.Target));
    }

    private string? Leftover(Connection connection, Copy copy)
    {
        using var domain = machines.FindRunning(connection, copy.Id);
        return IsOurs(domain, copy) ? domain.Uuid : null;
    }

    private static bool IsOurs(Domain domain, Copy copy) =>
        domain.BackupXml() is { } xml && XElement.Parse(xml)
            .Descendants("target").Attributes("file").Any(file => file.Value == copy.Target);

    private async Task AbandonAsync(Copy copy, Expectation end)
    {
        try
        {
            var isAborted = await calls.ForAsync(
                copy.Id, copy.Failure, connection => Abort(connection, copy),
                CancellationToken.None);
            if (isAborted)
                await end.NextAsync(EndsWithin, CancellationToken.None);
        }
        catch (PortException)
        {
            // The machine is off, or libvirt cannot be reached: what is thrown already says more.
        }
    }

    private bool Abort(Connection connection, Copy copy)
    {
        using var domain = machines.Find(connection, copy.Id);
        if (domain?.IsActive != true || !IsOurs(domain, copy))
            return false;
        domain.AbortJob();
        return true;
    }

    private static PortException Failed(Copy copy, string why) => PortException.Retryable(
        LaunchErrorCode.Hypervisor, $"{copy.Failure}: {why}");

    private static string DeviceOf(XElement disk) =>
        disk.Element("target")?.Attribute("dev")?.Value ?? "";

    private static void OnTarget(Copy copy, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PortException.Retryable(
                LaunchErrorCode.Hypervisor, $"{copy.Failure} to {copy.Target}: {e.Message}", e);
        }
    }

    /// <summary>What to copy, for libvirt.</summary>
    internal static string Xml(IEnumerable<string> devices, string chosen, string target) =>
        new XElement(
            "domainbackup",
            new XAttribute("mode", "push"),
            new XElement("disks", devices.Select(device => device == chosen
                ? new XElement(
                    "disk",
                    new XAttribute("name", device),
                    new XAttribute("type", "file"),
                    new XAttribute("backup", "yes"),
                    new XElement("driver", new XAttribute("type", "raw")),
                    new XElement("target", new XAttribute("file", target)))
                : new XElement(
                    "disk",
                    new XAttribute("name", device),
                    new XAttribute("backup", "no"))))).ToString();

    /// <summary>One call's words.</summary>
    private sealed record Copy(InstanceId Id, string Target, string Failure);
}

using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>The host's bases: their actors, what they said last, and what is left when one
/// crashes.</summary>
public sealed partial class HostActor
{
    private IActorRef BaseFor(BaseContent content) => RefOf(Entry(content));

    private BaseEntry Entry(BaseContent content)
    {
        var key = content.Key();
        if (!_bases.TryGetValue(key, out var entry))
            _bases[key] = entry = new BaseEntry(key, content);
        return entry;
    }

    private IActorRef RefOf(BaseEntry entry)
    {
        if (entry.Ref is not null)
            return entry.Ref;
        var (host, tally, content) = (_host, _tally, entry.Content);
        var found = new FoundBase(entry.Volume, entry.Clones)
        {
            Damage = entry.Damage,
            IsUnsealed = entry.IsUnsealed,
            Use = entry.Use,
        };
        var made = Context.ActorOf(
            Runtime.Actors.Props.Create(() => new BaseVolumeActor(host, tally, content, found)),
            entry.Key.Value);
        Context.Watch(made);
        entry.Ref = made;
        _baseOf[made] = entry.Key;
        return made;
    }

    private static BaseReport ReportOf(BaseEntry entry, BaseVolume volume) => new()
    {
        Key = volume.Key,
        State = entry.Damage is null ? BaseState.Ready : BaseState.Quarantined,
        Title = BaseSpace.Title(volume.Content),
        VirtualSizeBytes = volume.VirtualSizeBytes,
        AllocatedBytes = volume.AllocatedBytes,
        Clones = entry.Clones.Count,
        CloneBytes = entry.Clones.Sum(c => c.Disk.AllocatedBytes),
    };

    private void OnBaseChanged(Changed changed)
    {
        // An actor that has crashed may have spoken before.
        if (!_baseOf.TryGetValue(Sender, out var key))
            return;
        var entry = _bases[key];
        var before = entry.Report?.State;
        if (before is null && changed.Report.State == BaseState.Absent)
            return;
        entry.Report = changed.Report.State == BaseState.Absent ? null : changed.Report;
        entry.Volume = changed.Volume;
        NoteUse(entry);
        entry.Damage = changed.Report.Damage is { RebuiltAt: null } damage ? damage.Reason : null;
        _scheduler?.Tell(new SchedulerProtocol.BaseProgress(_host.Id, changed.Report));
        if (before != changed.Report.State && changed.Report.State == BaseState.Ready)
            Report();
    }

    private void OnDiskProgressed(DiskProgressed p)
    {
        if (_instances.GetValueOrDefault(p.Instance) is { State: InstanceState.Preparing } entry
            && entry.Fence.Attempt == p.Attempt.Attempt)
        {
            Say(new SchedulerProtocol.InstanceProgress(
                _host.Id, entry.Id, entry.Fence,
                new LaunchProgress(
                    $"{(entry.Order is null ? "copying" : "fetching")} disk {p.Disk}",
                    p.DoneBytes,
                    p.TotalBytes)));
        }
    }

    /// <summary>The bytes of disks that are no base's clones, when they were made.</summary>
    private long OwnBytes() => _instances.Values.Sum(
        i => i.Disks.Where(d => d.BackingFile is null).Sum(d => d.AllocatedBytes));

    private void OnDeleteDisk(DeleteDisk delete)
    {
        if (delete.Disk.Base is { } key && _bases.TryGetValue(key, out var entry))
        {
            RefOf(entry).Forward(delete);
            return;
        }

        // A disk that is a clone of nothing known here: no actor owns it.
        var (attempt, disk) = (delete.Attempt, delete.Disk.Name);
        _ = DeleteAsync(delete).PipeTo(
            Sender,
            Self,
            success: () => new DiskDeleted(attempt, disk),
            failure: cause => new DiskFailed(attempt, disk, Failures.ToError(
                cause, $"removing disk {disk} of instance {delete.Instance}")));
    }

    private async Task DeleteAsync(DeleteDisk delete) =>
        await _host.Drivers.Of(delete.Disk.Driver).DeleteDiskAsync(
            delete.Instance, delete.Disk.Name, CancellationToken.None);

    private void OnChildEnded(IActorRef child)
    {
        if (_baseOf.Remove(child, out var key))
            OnBaseCrashed(_bases[key]);
        else if (_instanceOf.Remove(child, out var id))
            OnInstanceCrashed(id, child);
    }

    // Bases stop only by crashing. The disk is as it was: the next use makes a new actor for it,
    // which learns from here what there is; launches that waited for it fail and can be retried.
    private void OnBaseCrashed(BaseEntry entry)
    {
        entry.Ref = null;
        entry.Report = null;
        entry.Clones =
        [
            .. _instances.Values.SelectMany(i => i.Disks
                .Where(d => d.BackingFile == entry.Key)
                .Select(d => new FoundClone(i.Id, d))),
        ];
        _turns.End(entry.Key);
        _room.ReleaseUnder($"{entry.Key}/");
        _room.OnEvicted(entry.Key, 0);
        EndScrub(entry.Key);
        if (entry.Volume is not null)
            _ = RefOf(entry);
        foreach (var instance in _instances.Values)
            instance.Ref?.Tell(new InstanceProtocol.BaseLost(entry.Key));
    }

    private sealed class BaseEntry(BaseKey key, BaseContent content)
    {
        public BaseKey Key => key;

        public BaseContent Content => content;

        public IActorRef? Ref { get; set; }

        public BaseReport? Report { get; set; }

        public BaseVolume? Volume { get; set; }

        public IReadOnlyList<FoundClone> Clones { get; set; } = [];

        /// <summary>Why it must not be cloned from.</summary>
        public string? Damage { get; set; }

        /// <summary>Nothing vouched for its bytes when it was found.</summary>
        public bool IsUnsealed { get; set; }

        /// <summary>How it was used, also before this life of the host.</summary>
        public BaseUse? Use { get; set; }
    }
}

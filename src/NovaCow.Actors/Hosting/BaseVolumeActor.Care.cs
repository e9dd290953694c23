using NovaCow.Actors.Protocols;
using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>How a base is verified, taken out of service and made again when it is damaged, and
/// removed when its room is needed.</summary>
internal sealed partial class BaseVolumeActor
{
    private BaseDamage? _damage;
    private BaseScrub? _scrub;
    private CancellationTokenSource? _reading;
    private Action? _afterReading;
    private (IActorRef Asking, Evict Ask)? _eviction;
    private int _uses;
    private DateTimeOffset _lastUsedAt;

    /// <summary>It is being made again beside the damaged one.</summary>
    private bool IsRebuilding => _damage is { RebuiltAt: null };

    private void CareHandlers()
    {
        Receive<Scrub>(_ => OnScrub());
        Receive<MayScrub>(_ => OnMayScrub());
        Receive<Scrubbed>(OnScrubbed);
        Receive<ScrubProgressed>(progressed =>
        {
            if (_reading is null)
                return;
            _scrub = _scrub! with { ReadBytes = progressed.ReadBytes };
            Report();
        });
        Receive<RetryRebuild>(_ => Rebuild());
        Receive<Evict>(OnEvict);
        Receive<Evicted>(OnEvicted);
    }

    private void SealSoon()
    {
        if (_content.OwnDigest() is null)
            Timers.StartSingleTimer("seal", new Scrub(), _host.Limits.SealAfter);
    }

    private void OnScrub()
    {
        if (_state == BaseState.Quarantined)
            Rebuild();
        if (_state != BaseState.Ready || _scrub is { IsDue: true })
            return;
        _scrub = (_scrub ?? new BaseScrub()) with { IsDue = true, ReadBytes = 0, Error = null };
        Report();
        Context.Parent.Tell(new AskToScrub(_key));
    }

    private void OnMayScrub()
    {
        if (_state != BaseState.Ready)
        {
            _scrub = _scrub! with { IsDue = false };
            Context.Parent.Tell(new ScrubEnded(_key));
            return;
        }

        var (self, reading) = (Self, CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token));
        _reading = reading;
        var progress = new PacedProgress(
            _time,
            _host.Limits.ScrubBytesPerSecond,
            new ThrottledProgress<long>(
                _time,
                _host.Limits.ProgressEvery,
                done => self.Tell(new ScrubProgressed(done), ActorRefs.NoSender)),
            reading.Token);
        _ = _host.Drivers.Default.VerifyBaseAsync(_key, progress, reading.Token).PipeTo(
            Self,
            success: problem => new Scrubbed(problem, null),
            failure: cause => new Scrubbed(null, cause));
    }

    private void OnScrubbed(Scrubbed ended)
    {
        _reading?.Dispose();
        _reading = null;
        Context.Parent.Tell(new ScrubEnded(_key));
        _scrub = _scrub! with { IsDue = false };
        if (ended.Failure is null)
            _scrub = _scrub with { VerifiedAt = _time.GetUtcNow(), Problem = ended.Problem };
        else if (ended.Failure is not OperationCanceledException)
            _scrub = _scrub with { Error = Failures.ToError(ended.Failure, $"{_title}: reading") };
        if (ended.Failure is { } cause && Failures.IsBug(cause))
            Context.GetLogger().Error(cause, "{0}: reading", _title);

        var next = _afterReading;
        _afterReading = null;
        if (ended.Problem is { } problem && _state == BaseState.Ready)
            Quarantine(problem);
        else
            Report();
        next?.Invoke();
    }

    // A base is never read while it is made again or removed.
    private void WhenNotRead(Action act)
    {
        if (_reading is null)
        {
            act();
            return;
        }

        _afterReading += act;
        _reading.Cancel();
    }

    private void Quarantine(string reason)
    {
        List<InstanceId> clones =
            [.. _clones.Keys.Select(c => c.Instance).Distinct().OrderBy(i => i.Value, StringComparer.Ordinal)];
        _damage = new BaseDamage(
            reason, _time.GetUtcNow(), [.. clones.Take(BaseDamage.MaxNamed)], clones.Count);
        _lastError = new LaunchError(
            LaunchErrorCode.DamagedBase,
            $"base {_key}: {reason}; it is made again, and its clones are in doubt until then",
            IsRetryable: true);
        (_failures, _retryAt) = (0, _time.GetUtcNow());
        DomainMetrics.Quarantines.Add(1);
        Context.GetLogger().Warning(
            "base {0} ({1}): {2}; quarantined: nothing is cloned from it before it is made again; "
                + "its clones: {3}",
            _key,
            _title,
            reason,
            clones.Count == 0 ? "none" : string.Join(", ", _damage.Clones));
        Enter(BaseState.Quarantined);
        WhenNotRead(Rebuild);
    }

    private void Rebuild()
    {
        Timers.Cancel(RetryRebuild.Instance);
        if (_state == BaseState.Quarantined && _reading is null && _time.GetUtcNow() >= _retryAt)
            BeginBuild();
    }

    private void OnRebuilt()
    {
        _damage = _damage! with { RebuiltAt = _time.GetUtcNow() };
        Context.GetLogger().Warning(
            "base {0} ({1}): made again; what these had read of it before may have been wrong: {2}",
            _key,
            _title,
            _damage.CloneCount == 0 ? "no clone" : string.Join(", ", _damage.Clones));
    }

    private void OnEvict(Evict evict)
    {
        var why = _state is not (BaseState.Ready or BaseState.Quarantined or BaseState.Failed)
            ? $"it is {_state.ToString().ToLowerInvariant()}"
            : _clones.Count > 0 ? $"it has {_clones.Count} clones; delete their instances first"
            : null;
        if (why is not null)
        {
            Sender.Tell(new EvictionEnded(_key, evict.Order, 0, new RequestError(
                RequestErrorCode.Conflict, $"base {_key} on host {_host.Id} stays: {why}")));
            return;
        }

        _eviction = (Sender, evict);
        Timers.Cancel(RetryRebuild.Instance);
        Enter(BaseState.Evicting);
        WhenNotRead(() => _ = _host.Drivers.Default
            .DeleteBaseAsync(_key, CancellationToken.None).PipeTo(
                Self,
                success: () => new Evicted(null),
                failure: cause => new Evicted(cause)));
    }

    private void OnEvicted(Evicted ended)
    {
        var (asking, ask) = _eviction!.Value;
        _eviction = null;
        var freed = _volume?.AllocatedBytes ?? 0;
        (_volume, _damage, _scrub) = (null, null, null);
        if (ended.Failure is { } cause)
        {
            // What is left of it is found, or removed, when it is made or the host starts.
            _lastError = Failures.ToError(cause, $"{_title}: removing it");
            _retryAt = _time.GetUtcNow();
            Enter(BaseState.Failed);
            asking.Tell(new EvictionEnded(_key, ask.Order, 0, new RequestError(
                RequestErrorCode.Busy, _lastError.Message)));
        }
        else
        {
            _tally.Evicted(freed);
            Enter(BaseState.Absent);
            asking.Tell(new EvictionEnded(_key, ask.Order, freed, null));
        }

        if (_waiters.Count > 0)
            BeginBuild();
    }

    // Needs no room of its own where it shares its base's.
    private void MakeOrAskForRoom(Clone clone)
    {
        if (clone.Driver == DriverName.Copy)
            AskForRoom(clone, _volume!.AllocatedBytes);
        else
            clone.Child.Tell(new SnapshotProtocol.Make(clone.Request!));
    }

    private void AskForRoom(Clone clone, long bytes)
    {
        (clone.HasAskedForRoom, clone.IsAwaitingRoom) = (true, true);
        Context.Parent.Tell(new AskForRoom(_key, clone.Id.Instance, clone.Id.Disk, bytes));
    }

    private void OnRoom(Room room)
    {
        var id = new CloneId(room.Instance, room.Disk);
        if (!_clones.TryGetValue(id, out var clone) || !clone.IsAwaitingRoom || clone.IsLeaving)
        {
            Context.Parent.Tell(new RoomUsed(_key, room.Instance, room.Disk));
            return;
        }

        clone.IsAwaitingRoom = false;
        if (room.Error is null)
        {
            clone.Child.Tell(new SnapshotProtocol.Make(clone.Request!));
            return;
        }

        clone.Requester?.Tell(new DiskFailed(clone.Attempt, id.Disk, room.Error));
        Forget(clone);
        Context.Stop(clone.Child);
    }

    // What was asked of the base as it was is asked of the one that takes its place; what found no
    // room, once more when some was made.
    private bool TryAgain(Clone clone, LaunchError error) => clone.Make is { } make
        && error.Code switch
        {
            LaunchErrorCode.DamagedBase => WaitForAnother(clone, make, error),
            LaunchErrorCode.InsufficientStorage => WaitForRoom(clone, make),
            _ => false,
        };

    private bool WaitForAnother(Clone clone, Waiter make, LaunchError error)
    {
        var isToBeRebuilt = _state is not BaseState.Quarantined || _reading is not null;
        if (make.IsSecondTry || !isToBeRebuilt)
            return false;
        Forget(clone);
        if (_state == BaseState.Ready && clone.Generation != _attempt)
        {
            StartClone(make, clone.BaseWait);
            return true;
        }

        _waiters.Add(make with { IsSecondTry = true });
        if (_state == BaseState.Ready)
            Quarantine(error.Message);
        return true;
    }

    private bool WaitForRoom(Clone clone, Waiter make)
    {
        if (clone.HasAskedForRoom)
            return false;
        Forget(clone);
        var next = AddClone(clone.Id, clone.Driver);
        next.Begin(make, clone.Request!, clone.BaseWait);
        AskForRoom(next, RoomOfAClone);
        return true;
    }

    private const long RoomOfAClone = 1 << 20;

    private sealed record Scrubbed(string? Problem, Exception? Failure);

    private sealed record ScrubProgressed(long ReadBytes);

    private sealed record Evicted(Exception? Failure);

    private sealed class RetryRebuild
    {
        public static RetryRebuild Instance { get; } = new();
    }
}

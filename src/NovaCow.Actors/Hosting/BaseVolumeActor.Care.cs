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
        // It may have been evicted, or made again, since it asked.
        _scrub = (_scrub ?? new BaseScrub()) with { IsDue = _state == BaseState.Ready };
        if (_state != BaseState.Ready)
        {
            Context.Parent.Tell(new ScrubEnded(_key));
            return;
        }

        var self = Self;
        var reading = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
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
        [
            .. _clones.Keys.Select(c => c.Instance).Distinct()
                .OrderBy(i => i.Value, StringComparer.Ordinal),
        ];
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

    private sealed record Scrubbed(string? Problem, Exception? Failure);

    private sealed record ScrubProgressed(long ReadBytes);

    private sealed record Evicted(Exception? Failure);

    private sealed class RetryRebuild
    {
        public static RetryRebuild Instance { get; } = new();
    }
}

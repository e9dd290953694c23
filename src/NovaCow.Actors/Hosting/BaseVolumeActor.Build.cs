using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>How a base is made: turn and room, fetch, inspect, build; and what is said of it.
/// </summary>
internal sealed partial class BaseVolumeActor
{
    private int _attempt;
    private int _failures;
    private LaunchError? _lastError;
    private DateTimeOffset _retryAt;
    private BaseStep? _step;
    private long _doneBytes;
    private long? _totalBytes;
    private long _begunAt;
    private long _fetchedAt;
    private TimeSpan? _madeIn;
    private long _cloneBytes;

    private void BuildHandlers()
    {
        Receive<MayBuild>(_ => OnMayBuild(), _ => _state == BaseState.Creating);
        Receive<MayNotBuild>(
            refused => OnBuildFailed(refused.Error, keepDownload: true),
            _ => _state == BaseState.Creating);
        Receive<Fetched>(fetched => OnFetched(fetched.File), fetched => IsCurrent(fetched.Attempt));
        Receive<Inspected>(
            inspected => StartBuilding(inspected.Path), inspected => IsCurrent(inspected.Attempt));
        Receive<Built>(built => OnBuilt(built.Volume), built => IsCurrent(built.Attempt));
        Receive<StepFailed>(
            failed => OnStepFailed(failed.Step, failed.Cause), failed => IsCurrent(failed.Attempt));
        Receive<Progressed>(
            progressed => OnProgressed(progressed), progressed => IsCurrent(progressed.Attempt));
        Receive<ForgetDownload>(_ => DiscardDownload(), _ => _content is BaseContent.OfImage);
        Receive<ForgetDownload>(_ => { });
        // What belongs to an attempt that is over.
        Receive<IBuildMessage>(_ => { });
        Receive<MayBuild>(_ => Context.Parent.Tell(new BuildEnded(_key)));
        Receive<MayNotBuild>(_ => { });
    }

    private bool IsCurrent(int attempt) => _state == BaseState.Creating && attempt == _attempt;

    private void BeginBuild()
    {
        Timers.Cancel(ForgetDownload.Instance);
        _attempt++;
        _begunAt = _time.GetTimestamp();
        (_step, _doneBytes, _totalBytes) = (BaseStep.Queued, 0, null);
        Enter(BaseState.Creating);
        Context.Parent.Tell(new AskToBuild(_key, _title, BaseSpace.NeededBytes(_content))
        {
            Source = (_content as BaseContent.OfImage)?.Image.Server(),
            IsAhead = _isAhead,
        });
    }

    private void OnMayBuild()
    {
        if (_content is not BaseContent.OfImage { Image: var image })
        {
            StartBuilding(null);
            return;
        }

        EnterStep(BaseStep.Fetching, image.SizeBytes);
        var (self, attempt) = (Self, _attempt);
        _ = _build.FetchAsync(
            image,
            p => self.Tell(
                new Progressed(attempt, BaseStep.Fetching, p.ReceivedBytes, p.TotalBytes),
                ActorRefs.NoSender),
            _stopping.Token).PipeTo(
                Self,
                success: file => new Fetched(attempt, file),
                failure: cause => new StepFailed(attempt, BaseStep.Fetching, cause));
    }

    private void OnFetched(FetchedImage file)
    {
        _tally.Downloaded(file.TransferredBytes);
        _fetchedAt = _time.GetTimestamp();
        EnterStep(BaseStep.Inspecting, null);
        var attempt = _attempt;
        var image = ((BaseContent.OfImage)_content).Image;
        _ = _build.InspectAsync(image, file.Path, _stopping.Token).PipeTo(
            Self,
            success: () => new Inspected(attempt, file.Path),
            failure: cause => new StepFailed(attempt, BaseStep.Inspecting, cause));
    }

    private void StartBuilding(string? imagePath)
    {
        EnterStep(BaseStep.Building, _content.VirtualSizeBytes());
        var (self, attempt) = (Self, _attempt);

        // Where nothing refers to the damaged one, nothing has to be as it was.
        var isAnew = IsRebuilding && _clones.Count == 0;
        _ = _build.EnsureAsync(
            imagePath,
            isAnew,
            done => self.Tell(
                new Progressed(attempt, BaseStep.Building, done, null), ActorRefs.NoSender),
            _stopping.Token).PipeTo(
                Self,
                success: volume => new Built(attempt, volume),
                failure: cause => new StepFailed(attempt, BaseStep.Building, cause));
    }

    private void OnBuilt(Ensured<BaseVolume> built)
    {
        Context.Parent.Tell(new BuildEnded(_key));
        _volume = built.Value;
        _madeIn = _time.GetElapsedTime(_begunAt);
        (_failures, _lastError, _step) = (0, null, null);
        CountAhead(isMade: true);
        if (built.Created)
            _tally.Built(_content is BaseContent.OfImage);
        if (_content is BaseContent.OfImage)
        {
            _tally.Paces.Built(built.Value.VirtualSizeBytes, _time.GetElapsedTime(_fetchedAt));
            DiscardDownload();
        }

        _lastUsedAt = _time.GetUtcNow();
        if (IsRebuilding)
            OnRebuilt();
        Enter(BaseState.Ready);
        SealSoon();
        foreach (var waiter in _waiters)
        {
            var waited = _time.GetElapsedTime(waiter.Since);
            StartClone(waiter, waited > TimeSpan.Zero ? waited : TimeSpan.FromTicks(1));
        }

        _waiters.Clear();
    }

    private void OnStepFailed(BaseStep step, Exception cause)
    {
        if (Failures.IsBug(cause))
            Context.GetLogger().Error(cause, "{0}: {1}", _title, step);
        var what = $"{_title}: {step.ToString().ToLowerInvariant()}";
        // Only what was fetched in part is worth keeping: the next fetch goes on from there.
        OnBuildFailed(Failures.ToError(cause, what), keepDownload: step == BaseStep.Fetching);
    }

    private void OnBuildFailed(LaunchError error, bool keepDownload)
    {
        Context.Parent.Tell(new BuildEnded(_key));
        if (!keepDownload && _content is BaseContent.OfImage)
            DiscardDownload();
        CountAhead(isMade: false);
        _failures++;
        _lastError = error;
        _retryAt = _time.GetUtcNow() + _host.Limits.BaseRetry.After(_failures, _host.Jitter());
        _step = null;
        Context.GetLogger().Warning(
            "base {0}: not made, {1} clones waited for it: {2}", _key, _waiters.Count,
            error.Message);
        foreach (var waiter in _waiters)
        {
            waiter.Requester.Tell(
                new DiskFailed(waiter.Make.Attempt, waiter.Make.Disk.Name, error));
        }

        _waiters.Clear();
        Enter(IsRebuilding ? BaseState.Quarantined : BaseState.Failed);
        if (IsRebuilding && error.IsRetryable)
        {
            Timers.StartSingleTimer(
                RetryRebuild.Instance, RetryRebuild.Instance, _retryAt - _time.GetUtcNow());
        }

        Timers.StartSingleTimer(
            ForgetDownload.Instance, ForgetDownload.Instance, _host.Limits.KeepDownload);
    }

    private void DiscardDownload()
    {
        var (log, title) = (Context.GetLogger(), _title);
        _ = _build.DiscardAsync().ContinueWith(
            discard => log.Warning(
                "{0}: its download stays until the next start: {1}",
                title,
                discard.Exception!.InnerException!.Message),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
    }

    private void OnProgressed(Progressed progressed)
    {
        if (progressed.Step != _step)
            return;
        (_doneBytes, _totalBytes) = (progressed.Done, progressed.Total ?? _totalBytes);
        Report();
    }

    private void EnterStep(BaseStep step, long? totalBytes)
    {
        (_step, _doneBytes, _totalBytes) = (step, 0, totalBytes);
        Report();
    }

    private void Enter(BaseState state)
    {
        CountLeft();
        _state = state;
        CountEntered();
        Report();
    }

    private void ReportSoon()
    {
        if (!Timers.IsTimerActive(ReportNow.Instance))
        {
            Timers.StartSingleTimer(
                ReportNow.Instance, ReportNow.Instance, _host.Limits.ProgressEvery);
        }
    }

    private void Report() => Context.Parent.Tell(new Changed(
        new BaseReport
        {
            Key = _key,
            State = _state,
            Title = _title,
            VirtualSizeBytes = _content.VirtualSizeBytes(),
            AllocatedBytes = _volume?.AllocatedBytes ?? 0,
            Clones = _clones.Count,
            CloneBytes = _cloneBytes,
            Waiters = _waiters.Count,
            Step = _step,
            DoneBytes = _doneBytes,
            TotalBytes = _totalBytes,
            Error = IsOutOfService ? _lastError : null,
            RetryAt = IsOutOfService ? _retryAt : null,
            MadeIn = _madeIn,
            Uses = _uses,
            LastUsedAt = _lastUsedAt == default ? null : _lastUsedAt,
            Damage = _damage,
            Scrub = _scrub,
        },
        _volume));

    private bool IsOutOfService => _state is BaseState.Failed or BaseState.Quarantined;

    private void SetBytes(Clone clone, long allocated)
    {
        _cloneBytes += allocated - clone.AllocatedBytes;
        clone.AllocatedBytes = allocated;
    }

    private void CountEntered()
    {
        if (_state != BaseState.Absent)
            DomainMetrics.Bases.Add(1, State(_state));
    }

    private void CountLeft()
    {
        if (_state != BaseState.Absent)
            DomainMetrics.Bases.Add(-1, State(_state));
    }

    private static KeyValuePair<string, object?> State(BaseState state) =>
        new("state", state.ToString().ToLowerInvariant());

    /// <summary>Nobody has asked again for what could not be fetched.</summary>
    private sealed class ForgetDownload
    {
        public static ForgetDownload Instance { get; } = new();
    }

    private interface IBuildMessage;

    private sealed record Fetched(int Attempt, FetchedImage File) : IBuildMessage;

    private sealed record Inspected(int Attempt, string Path) : IBuildMessage;

    private sealed record Built(int Attempt, Ensured<BaseVolume> Volume) : IBuildMessage;

    private sealed record StepFailed(int Attempt, BaseStep Step, Exception Cause) : IBuildMessage;

    private sealed record Progressed(int Attempt, BaseStep Step, long Done, long? Total)
        : IBuildMessage;
}

using NovaCow.Actors.Telemetry;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>How a base is made ahead of any launch, and what is remembered of its uses.</summary>
internal sealed partial class BaseVolumeActor
{
    private bool _isAhead;

    private void OnWarm(Warm warm)
    {
        var isIdle = _state is BaseState.Absent or BaseState.Failed
            && (_state == BaseState.Absent || _time.GetUtcNow() >= _retryAt);
        if (!isIdle)
        {
            Rebuild();
            Report();
            return;
        }

        if (warm.Content != _content)
            MakeFrom(warm.Content);
        _isAhead = true;
        BeginBuild();
    }

    private void HurryFor(Waiter waiter)
    {
        _waiters.Add(waiter);
        if (!_isAhead)
            return;
        _isAhead = false;
        Context.Parent.Tell(new Hurry(_key));
    }

    private void CountAhead(bool isMade)
    {
        if (_isAhead)
            DomainMetrics.CountPrecache(isMade);
        _isAhead = false;
    }

    private void Remember(BaseUse? use)
    {
        if (use is null)
            return;
        (_uses, _madeIn) = (use.Uses, use.MadeIn);
        if (use.LastUsedAt > _lastUsedAt)
            _lastUsedAt = use.LastUsedAt;
    }
}

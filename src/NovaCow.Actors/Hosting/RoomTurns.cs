using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// Promises room to what is about to be made, one request after the other, so that each sees what
/// the one before it was given. What does not fit has bases evicted first; part of HostActor's
/// state.
/// </summary>
internal sealed class RoomTurns(HostLimits limits, RoomTurns.IMeans means)
{
    // Bases may be taken into use between their choice and their removal.
    private const int MaxRounds = 3;

    private readonly SpaceLedger _ledger = new(limits.SpaceMarginBytes);
    private readonly Queue<Request> _waiting = new();
    private readonly HashSet<BaseKey> _leaving = [];
    private int _rounds;
    private int _evicted;
    private long _freedBytes;
    private EvictionPlan _plan = new([], 0, 0, 0);

    /// <summary>What the host does for it.</summary>
    internal interface IMeans
    {
        /// <summary>Measures the room; <see cref="OnMeasured"/> or <see cref="OnNotMeasured"/>
        /// follows.</summary>
        void MeasureRoom();

        /// <summary>Has bases removed that give back so many bytes; <see cref="OnEvicted"/> follows
        /// for each of the victims.</summary>
        EvictionPlan Evict(long bytes);
    }

    /// <summary>Room for a volume.</summary>
    /// <param name="Volume">What names it.</param>
    /// <param name="Title">What to call it in an error.</param>
    /// <param name="Bytes">How much.</param>
    /// <param name="OnAnswer">Told why not, or null when it is promised.</param>
    internal sealed record Request(
        string Volume, string Title, long Bytes, Action<LaunchError?> OnAnswer);

    /// <summary>Bytes that are promised.</summary>
    public long ReservedBytes => _ledger.ReservedBytes;

    public void Ask(Request request)
    {
        _waiting.Enqueue(request);
        if (_waiting.Count == 1)
            Begin();
    }

    public void Release(string volume) => _ledger.Release(volume);

    public void ReleaseUnder(string prefix) => _ledger.ReleaseUnder(prefix);

    public void OnNotMeasured(LaunchError error) => Answer(error);

    public void OnMeasured(StoreSpace space)
    {
        if (!_waiting.TryPeek(out var request) || _leaving.Count > 0)
            return;
        var error = _ledger.Reserve(request.Volume, request.Title, request.Bytes, space);
        if (error is null)
        {
            Answer(null);
            return;
        }

        if (_rounds++ < MaxRounds)
        {
            _plan = means.Evict(request.Bytes - _ledger.Room(space));
            _leaving.UnionWith(_plan.Victims);
        }

        if (_leaving.Count == 0)
            Answer(error with { Message = $"{error.Message} ({WhatWasTried()})" });
    }

    public void OnEvicted(BaseKey key, long freedBytes)
    {
        if (!_leaving.Remove(key))
            return;
        _freedBytes += freedBytes;
        _evicted += freedBytes > 0 ? 1 : 0;
        if (_leaving.Count == 0)
            means.MeasureRoom();
    }

    private void Begin()
    {
        (_rounds, _evicted, _freedBytes) = (0, 0, 0);
        _plan = new EvictionPlan([], 0, 0, 0);
        means.MeasureRoom();
    }

    private void Answer(LaunchError? error)
    {
        if (!_waiting.TryDequeue(out var request))
            return;
        request.OnAnswer(error);
        if (_waiting.Count > 0)
            Begin();
    }

    private string WhatWasTried() =>
        (_evicted == 0 ? "no base was evicted" : $"{_evicted} bases of {_freedBytes} bytes were "
            + "evicted")
        + $"; {_plan.Evictable} bases of {_plan.EvictableBytes} bytes have no clone, no waiter and "
        + "no recent use";
}

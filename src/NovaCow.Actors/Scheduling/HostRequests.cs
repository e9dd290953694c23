using NovaCow.Core;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Scheduling;

/// <summary>What clients asked of hosts and wait for: who asked, of which host, until when.
/// Bounded; forgotten with the leader, as a client asks again.</summary>
internal sealed class HostRequests
{
    /// <summary>The most requests that wait at a time.</summary>
    public const int MaxWaiting = 256;

    private readonly Dictionary<long, Waiting> _waiting = [];
    private long _last;

    public bool IsFull => _waiting.Count >= MaxWaiting;

    /// <summary>Remembers who asked.</summary>
    /// <returns>The number that the host's answer brings back.</returns>
    public long Add(IActorRef asking, HostId host, DateTimeOffset until)
    {
        _waiting[++_last] = new Waiting(asking, host, until);
        return _last;
    }

    /// <summary>The host has answered: who asked; null: nobody waits any more.</summary>
    public IActorRef? Take(long request, HostId host) =>
        _waiting.TryGetValue(request, out var found) && found.Host == host
            && _waiting.Remove(request)
            ? found.Asking
            : null;

    /// <summary>Those whose time is over, or whose host has gone: who asked, and of which host.
    /// </summary>
    public List<(IActorRef Asking, HostId Host)> TakeLate(
        DateTimeOffset now, Func<HostId, bool> isThere)
    {
        var late = _waiting.Where(w => now >= w.Value.Until || !isThere(w.Value.Host)).ToList();
        foreach (var (request, _) in late)
            _waiting.Remove(request);
        return [.. late.Select(w => (w.Value.Asking, w.Value.Host))];
    }

    private sealed record Waiting(IActorRef Asking, HostId Host, DateTimeOffset Until);
}

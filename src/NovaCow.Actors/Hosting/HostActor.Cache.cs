using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>The host's cache: what is made ahead, what is kept, what is too much, and how its bases
/// were used.</summary>
public sealed partial class HostActor
{
    // Until a scheduler has said what it wants kept, nothing is evicted.
    private KeptBases? _kept;
    private HashSet<BaseKey> _protected = [];
    private HashSet<BaseKey> _retired = [];
    private bool _usesChanged;

    private void CacheHandlers()
    {
        Receive<HostProtocol.EnsureBase>(ensure =>
        {
            var content = new BaseContent.OfImage(ensure.Image);
            if (_admission.Welcome(ensure.Epoch))
                BaseFor(content).Tell(new Warm(content));
        });
        Receive<HostProtocol.Keep>(keep =>
        {
            if (_admission.Welcome(keep.Epoch))
                Keep(keep.Kept);
        });
        Receive<Hurry>(hurry => _turns.Hurry(hurry.Key));
        Receive<SaveTime>(_ => SaveUses());
    }

    private void StartCache() => Timers.StartPeriodicTimer(
        SaveTime.Instance, SaveTime.Instance, _host.Limits.SaveUsesEvery);

    private void Keep(KeptBases kept)
    {
        _kept = kept;
        (_protected, _retired) = ([.. kept.Protected], [.. kept.Retired]);
        TrimCache();
    }

    private EvictionPlan EvictFor(long bytes) => _kept is null
        ? new EvictionPlan([], 0, 0, 0)
        : EvictionPolicy.Choose(
            Candidates(), bytes, _host.Limits.Eviction, _time.GetUtcNow());

    private void TrimCache()
    {
        if (_kept is null || _host.Limits.CacheBudgetBytes is not { } budget)
            return;
        var plan = EvictionPolicy.Trim(
            Candidates(), budget, _host.Limits.Eviction, _time.GetUtcNow());
        foreach (var key in plan.Victims)
        {
            _log.Info("base {0}: evicted to keep bases within {1} bytes", key, budget);
            RefOf(_bases[key]).Tell(new Evict(Order: null));
        }
    }

    private List<EvictionCandidate> Candidates() =>
    [
        .. _bases.Values.Where(b => b.Report is not null).Select(b => Candidate(b) with
        {
            IsProtected = _protected.Contains(b.Key),
            IsRetired = _retired.Contains(b.Key),
        }),
    ];

    private HostUsage WithCache(HostUsage usage) => usage with
    {
        ProtectedBytes = _protected.Sum(
            k => _bases.GetValueOrDefault(k)?.Report?.AllocatedBytes ?? 0),
        CacheBudgetBytes = _host.Limits.CacheBudgetBytes,
    };

    private void NoteUse(BaseEntry entry)
    {
        if (entry.Report is not { State: BaseState.Ready, LastUsedAt: { } at } report)
        {
            _usesChanged |= entry.Report is null && entry.Use is not null;
            entry.Use = entry.Report is null ? null : entry.Use;
            return;
        }

        var use = new BaseUse(entry.Key, report.Uses, at, report.MadeIn);
        _usesChanged |= use != entry.Use;
        entry.Use = use;
    }

    /// <summary>Best effort: what is lost is only how well bases are chosen to go.</summary>
    private void SaveUses()
    {
        if (!_usesChanged)
            return;
        _usesChanged = false;
        try
        {
            _host.Store.SaveUses([.. _bases.Values.Select(b => b.Use).OfType<BaseUse>()]);
        }
        catch (PortException failure)
        {
            _log.Warning("{0}", failure.Error.Message);
        }
    }

    private sealed class SaveTime
    {
        public static SaveTime Instance { get; } = new();
    }
}

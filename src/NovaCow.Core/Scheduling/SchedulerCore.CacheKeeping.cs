using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>Brings about what is wanted of images' copies, and switches to versions that enough
/// hosts have.</summary>
public sealed partial class SchedulerCore
{
    private void KeepCache(Decision decision, DateTimeOffset now)
    {
        var pause = _cacheMoved ? _limits.Cache.Soon : _limits.Cache.Every;
        if (now - _cachePlannedAt < pause || !IsSettled())
            return;
        (_cachePlannedAt, _cacheMoved) = (now, false);
        var hosts = CacheHosts(now);
        EndUpdates(decision, hosts, now);
        var wishes = Wishes();
        var plan = CachePlan.Decide(wishes, hosts, _limits.Cache, now);
        foreach (var (host, image) in plan.Orders)
        {
            Presence(host).Cache.Orders[image.BaseKey()] = new CacheOrder(now);
            decision.Effects.Add(new SchedulerEffect.EnsureBase(host, image));
        }

        var retired = Retired();
        foreach (var presence in _fleet.Values.Where(p => p.IsConnected))
        {
            HashSet<BaseKey> kept = plan.Kept.GetValueOrDefault(presence.Id) ?? [];
            HashSet<BaseKey> going = retired.Count == 0
                ? [] : [.. retired.Where(presence.Bases.ContainsKey)];
            if (presence.Cache.Tell(kept, going) is { } news)
                decision.Effects.Add(new SchedulerEffect.Keep(presence.Id, news));
        }
    }

    /// <summary>A host says hello before anything is planned with it: until then it keeps whatever
    /// may be wanted of it.</summary>
    private KeptBases KeptUntilPlanned(HostPresence presence)
    {
        _cacheMoved = true;
        presence.Cache.Begin([.. Wishes().SelectMany(w => w.Parts).Select(p => p.BaseKey())]);
        return presence.Cache.ToKept();
    }

    private void HeardOfCopy(HostPresence presence, BaseReport report)
    {
        _cacheMoved |= report.State
            != (presence.Bases.GetValueOrDefault(report.Key)?.State ?? BaseState.Absent);
        if (!presence.Cache.Orders.TryGetValue(report.Key, out var order))
            return;
        switch (report.State)
        {
            case BaseState.Creating:
                order.IsSeen = true;
                break;
            case BaseState.Failed or BaseState.Quarantined:
                order.Failure = report.Error;
                break;
            default:
                presence.Cache.Orders.Remove(report.Key);
                break;
        }
    }

    // A leader that is new does not know yet what hosts have that are about to connect: it would
    // have copies made of what is there.
    private bool IsSettled() => _fleet.Values.All(p =>
        p.IsConnected || p.LastSeenAt is not null
            || !State.Hosts.TryGetValue(p.Id, out var record) || record.Lost);

    private List<CacheHost> CacheHosts(DateTimeOffset now)
    {
        var hosts = new List<CacheHost>(_fleet.Count);
        foreach (var presence in _fleet.Values)
        {
            if (!State.Hosts.TryGetValue(presence.Id, out var record))
                continue;
            ForgetOrders(presence, now);
            hosts.Add(new CacheHost
            {
                Id = presence.Id,
                IsCounted = presence.Status(record) != HostStatus.Unreachable,
                ClosedBecause = ClosedBecause(presence, record),
                RoomBytes = RoomFor(presence),
                Bases = presence.Bases,
                Expected = State.ExpectedOn(presence.Id),
                Ordered = presence.Cache.Orders
                    .Where(o => o.Value.Failure is null).Select(o => o.Key).ToHashSet(),
                Kept = presence.Cache.Planned,
            });
        }

        return hosts;
    }

    /// <summary>Why a host is asked for no copies, whatever they are of; null: it may be.</summary>
    private static string? ClosedBecause(HostPresence presence, HostRecord record) =>
        presence.Status(record) switch
        {
            HostStatus.Disconnected => "disconnected",
            HostStatus.Unreachable => "unreachable",
            _ => HostFilters.WhyClosed(record.Duty)
                ?? (presence.Usage is null ? "has not reported its room yet" : null),
        };

    private static long RoomFor(HostPresence presence) =>
        presence.Usage is not { } usage
            ? 0
            : usage.FreeBytes - usage.ReservedBytes + presence.Bases.Values
                .Where(b => b is { State: BaseState.Ready, Clones: 0 }
                    && !presence.Cache.Protected.Contains(b.Key))
                .Sum(b => b.AllocatedBytes);

    private void ForgetOrders(HostPresence presence, DateTimeOffset now)
    {
        if (presence.Cache.Orders.Count == 0)
            return;
        var gone = presence.Cache.Orders
            .Where(o => o.Value is { IsSeen: false, Failure: null }
                && now - o.Value.At >= _limits.Cache.OrderPatience)
            .Select(o => o.Key)
            .ToList();
        foreach (var key in gone)
            presence.Cache.Orders.Remove(key);
    }

    /// <summary>The bases of versions that nobody launches any more.</summary>
    private HashSet<BaseKey> Retired()
    {
        var histories = State.Cache.Histories.Values;
        HashSet<BaseKey> retired =
        [
            .. histories.Select(h => h.Previous).OfType<Image>()
                .Concat(histories.Select(h => h.Update)
                    .Where(u => u is { Error: not null }).Select(u => u!.Image))
                .Select(i => i.BaseKey()),
        ];
        if (retired.Count > 0)
        {
            retired.ExceptWith(State.Images.Values.Select(i => i.BaseKey()));
            retired.ExceptWith(
                histories.Select(h => h.Open()?.Image).OfType<Image>().Select(i => i.BaseKey()));
        }

        return retired;
    }

    private void EndUpdates(Decision decision, List<CacheHost> hosts, DateTimeOffset now)
    {
        foreach (var (name, history) in State.Cache.Histories.ToList())
        {
            if (history.Open() is not { } update
                || !State.Images.TryGetValue(name, out var current))
            {
                continue;
            }

            if (FailureOf(update) is { } failure)
                EmitCache(decision, new ImageUpdateEnded(name, failure, now));
            else if (Warm(hosts, update.Image, now) >= update.MinWarm)
                Switch(decision, current, update, now);
        }

        ForgetFailures();
    }

    private void Switch(Decision decision, Image current, ImageUpdate update, DateTimeOffset now)
    {
        // What it boots with may have been deleted since it was asked for.
        if (CheckBoot(update.Image)?.Refusal is { } wrong)
        {
            EmitCache(decision, new ImageUpdateEnded(
                current.Name,
                new LaunchError(LaunchErrorCode.InvalidRequest, wrong.Message, IsRetryable: false),
                now));
            return;
        }

        EmitCache(decision, new ImageSwitched(
            current.Name, current, update.Image, update.Number, now));
    }

    /// <summary>What is wrong with the version itself, on whichever host that was found: no other
    /// host could make it either.</summary>
    private LaunchError? FailureOf(ImageUpdate update)
    {
        var keys = PartsOf(update.Image).Select(p => p.BaseKey()).ToList();
        foreach (var presence in _fleet.Values.Where(p => p.Cache.Orders.Count > 0))
        {
            var failure = keys.Select(k => presence.Cache.Orders.GetValueOrDefault(k)?.Failure)
                .FirstOrDefault(IsOfTheImage);
            if (failure is not null)
            {
                return failure with
                {
                    Message = $"host {presence.Id} could not make version {update.Number}: "
                        + failure.Message,
                };
            }
        }

        return null;
    }

    private static bool IsOfTheImage(LaunchError? failure) => failure is
    {
        IsRetryable: false,
        Code: LaunchErrorCode.ChecksumMismatch or LaunchErrorCode.UnsafeImage
            or LaunchErrorCode.ImageNotFound or LaunchErrorCode.InvalidRequest
            or LaunchErrorCode.ImageSource,
    };

    // Judged: from now on the host's own report says when it may be asked again.
    private void ForgetFailures()
    {
        foreach (var orders in _fleet.Values.Select(p => p.Cache.Orders))
        {
            foreach (var key in orders.Where(o => o.Value.Failure is not null).Select(o => o.Key)
                .ToList())
            {
                orders.Remove(key);
            }
        }
    }

    private int Warm(IEnumerable<CacheHost> hosts, Image image, DateTimeOffset now)
    {
        var wish = new CacheWish { Parts = PartsOf(image) };
        return hosts.Count(
            h => h.ClosedBecause is null && h.StateOf(wish, now) == CopyState.Ready);
    }
}

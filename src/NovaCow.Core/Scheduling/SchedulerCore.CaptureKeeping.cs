using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>Captured images that nobody refers to any more are removed from the hosts that made
/// them.</summary>
public sealed partial class SchedulerCore
{
    private DateTimeOffset _capturesSeenAt = DateTimeOffset.MinValue;

    /// <summary>A host says which captured images it holds.</summary>
    /// <returns>False when it must say hello first.</returns>
    public bool CapturesHeld(HostId host, HeldCaptures held, DateTimeOffset now)
    {
        if (Connected(host) is not { } presence)
            return false;
        presence.LastSeenAt = now;
        presence.Captures.Set(held);
        return true;
    }

    // Why what goes is never missed. Whatever refers to an image is journaled, so a new leader
    // knows all of it; the order is journaled too, so a deposed one gives none. A capture is
    // published before its end is heard: while one is open in the journal nothing of its host goes,
    // and its end registers it in the same decision. An order that is on its way when a capture is
    // asked for reaches the host first, and the host publishes nothing before what it removes is
    // gone; one that comes later than that names an older number, and is passed over. Who adds an
    // image of the same bytes brings a source of his own. Clones of instances that no launch
    // accounts for are known by their bases, once each host was heard.
    private void DropCaptures(Decision decision, DateTimeOffset now)
    {
        if (now - _capturesSeenAt < _limits.Captures.Every)
            return;
        _capturesSeenAt = now;
        HashSet<BaseKey>? listed = null;
        foreach (var presence in _fleet.Values)
        {
            if (!presence.IsConnected || presence.Captures.Held.Images.Count == 0
                || State.Needs.IsCapturing(presence.Id))
            {
                continue;
            }

            if (listed is null && !IsSettled())
                return;
            listed ??= ListedBases();
            List<Digest> unneeded =
            [
                .. presence.Captures.Untold(_limits.Captures.TellAgainAfter, now)
                    .Where(d => State.Needs.LaunchesOf(d) == 0
                        && !listed.Contains(BaseKey.Of(d)) && !HasClones(BaseKey.Of(d)))
                    .Take(_limits.Captures.MaxInOrder),
            ];
            if (unneeded.Count == 0)
                continue;
            presence.Captures.Told(unneeded, now);
            Emit(decision, new CapturesDropped(presence.Id, unneeded, now));
            decision.Effects.Add(new SchedulerEffect.DropCaptures(
                presence.Id, presence.Captures.Held.Number, unneeded));
        }
    }

    /// <summary>Of the images of the catalogue, with those that may become current again.</summary>
    private HashSet<BaseKey> ListedBases() =>
    [
        .. State.Images.Values
            .Concat(State.Cache.Histories.Values
                .SelectMany(h => (Image?[])[h.Previous, h.Open()?.Image])
                .OfType<Image>())
            .Select(i => BaseKey.Of(i.Digest)),
    ];

    private bool HasClones(BaseKey key) =>
        _fleet.Values.Any(p => p.Bases.GetValueOrDefault(key) is { Clones: > 0 });
}

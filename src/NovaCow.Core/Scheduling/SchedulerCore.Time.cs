namespace NovaCow.Core.Scheduling;

public sealed partial class SchedulerCore
{
    /// <summary>
    /// What time brings: hosts silent beyond their grace, launches that waited too long, room for
    /// those that wait, and commands that were not answered. Said a few times a second.
    /// </summary>
    public Decision Tick(DateTimeOffset now)
    {
        var decision = new Decision();
        LoseHosts(decision, now);
        if (_mayPlace)
            PlaceWaiting(decision, now);
        ExpireWaiting(decision, now);
        Resend(decision, now);
        KeepCache(decision, now);
        DropCaptures(decision, now);
        return decision;
    }

    private void LoseHosts(Decision decision, DateTimeOffset now)
    {
        foreach (var presence in _fleet.Values)
        {
            if (presence.IsConnected || now - presence.SilentSince < _limits.HostGrace
                || !State.Hosts.TryGetValue(presence.Id, out var record) || record.Lost)
            {
                continue;
            }

            Lose(decision, new HostLost(presence.Id, now));
        }
    }

    private void Lose(Decision decision, HostLost lost)
    {
        Emit(decision, lost);
        foreach (var id in State.OpenOn(lost.Host).ToList())
        {
            Say(decision, State.Launches[id], new LaunchCommand.HostGone(lost.Host), lost.At);
        }
    }

    private void PlaceWaiting(Decision decision, DateTimeOffset now)
    {
        _mayPlace = false;
        var scan = State.Waiting.LookThrough();
        while (scan.Next() is { } launch)
        {
            if (!TryPlace(decision, launch, now))
                scan.PassOverAlike();
        }
    }

    private void ExpireWaiting(Decision decision, DateTimeOffset now)
    {
        while (State.Waiting.FirstOrDefault() is { } oldest
            && now - oldest.Timings.AcceptedAt >= _limits.LaunchDeadline)
        {
            var why = Choose(oldest, now) is Placement.NoValidHost none
                ? none.Because()
                : "the cluster was too busy";
            var error = new LaunchError(
                LaunchErrorCode.NoValidHost,
                $"instance {oldest.Id}: no host took it within {_limits.LaunchDeadline}: {why}; "
                    + "add a host or delete instances, and launch it again under a new id",
                IsRetryable: true);
            Say(decision, oldest, new LaunchCommand.Expire(error), now);
        }
    }

    private void Resend(Decision decision, DateTimeOffset now)
    {
        foreach (var presence in _fleet.Values)
        {
            var open = State.OpenOn(presence.Id);
            if (!presence.IsConnected || open.Count == 0)
                continue;
            var due = presence.Resends.Take(
                open.Select(id => State.Launches[id]), open.Count, _limits, now);
            foreach (var launch in due)
            {
                if (launch.Host == presence.Id && !AwaitsOther(launch))
                    Answer(decision, launch, Unanswered(launch));
                OweMove(decision, launch, presence.Id);
            }
        }
    }

    private static LaunchAnswer Unanswered(Launch launch) => launch.Phase switch
    {
        LaunchPhase.Placed => LaunchAnswer.Prepare,
        LaunchPhase.Committed => LaunchAnswer.Commit,
        LaunchPhase.Deleting => LaunchAnswer.Discard,
        LaunchPhase.Active => UnansweredChange(launch),
        _ => LaunchAnswer.None,
    };
}

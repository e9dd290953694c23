namespace NovaCow.Core.Scheduling;

/// <summary>Remembers when the unanswered commands of one host are to be sent again: each wait is
/// twice the one before, up to a bound. A launch that moved on starts afresh.</summary>
internal sealed class Resends
{
    private readonly Dictionary<InstanceId, Due> _due = [];

    public void Clear() => _due.Clear();

    /// <summary>The launches whose command is due again now, at most as many as allowed.</summary>
    public List<Launch> Take(
        IEnumerable<Launch> open, int openCount, SchedulerLimits limits, DateTimeOffset now)
    {
        if (_due.Count > openCount + Slack)
            _due.Clear();
        List<Launch> taken = [];
        foreach (var launch in open)
        {
            var fresh = !_due.TryGetValue(launch.Id, out var due)
                || due.Attempt != launch.Attempt || due.Phase != launch.Phase
                || due.Change != ChangeOf(launch) || due.Move != MoveOf(launch);
            if (fresh)
            {
                var wait = limits.ResendAfter;
                _due[launch.Id] = new Due(
                    launch.Attempt, launch.Phase, ChangeOf(launch), now + wait, wait)
                {
                    Move = MoveOf(launch),
                };
            }
            else if (due.At <= now && taken.Count < limits.MaxResendsPerTick)
            {
                var wait = due.Wait + due.Wait;
                wait = wait < limits.MaxResendAfter ? wait : limits.MaxResendAfter;
                _due[launch.Id] = due with { At = now + wait, Wait = wait };
                taken.Add(launch);
            }
        }

        return taken;
    }

    // Answered launches leave their entry behind; forgetting them all now and then is enough.
    private const int Slack = 1_000;

    private static (int Number, ChangePhase Phase)? ChangeOf(Launch launch) =>
        launch.Change is { } change ? (change.Number, change.Phase) : null;

    private static (int Number, MovePhase Phase)? MoveOf(Launch launch) =>
        launch.Move is { } move ? (move.Number, move.Phase) : null;

    private readonly record struct Due(
        int Attempt,
        LaunchPhase Phase,
        (int Number, ChangePhase Phase)? Change,
        DateTimeOffset At,
        TimeSpan Wait)
    {
        public (int Number, MovePhase Phase)? Move { get; init; }
    }
}

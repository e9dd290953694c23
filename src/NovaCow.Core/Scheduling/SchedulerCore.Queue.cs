namespace NovaCow.Core.Scheduling;

/// <summary>The bounds of the queue.</summary>
public sealed partial class SchedulerCore
{
    private readonly ServiceRate _served = new();

    private Decision? CheckQueue(ProjectName project, int added, DateTimeOffset now)
    {
        var (waiting, most) = (State.Waiting.Count, _limits.MaxWaiting);
        if (waiting + added > most)
        {
            return Full(
                $"{waiting} launches wait for a host, of at most {most}; add a host, delete "
                    + "instances, or try again",
                waiting + added - most,
                now);
        }

        if (_limits.MaxWaitingPerProject is not { } own
            || State.Waiting.CountOf(project) + added <= own)
        {
            return null;
        }

        return Full(
            $"{State.Waiting.CountOf(project)} launches of project {project} wait for a host, of "
                + $"at most {own} of one project; delete some, or try again",
            State.Waiting.CountOf(project) + added - own,
            now);
    }

    private Decision Full(string message, int tooMany, DateTimeOffset now)
    {
        var seconds = _served.SecondsFor(tooMany, now);
        return Decision.Refuse(new RequestError(
            RequestErrorCode.Busy, $"{message} in {seconds} s")
        {
            RetryAfterSeconds = seconds,
        });
    }
}

using NovaCow.Actors.Protocols;
using NovaCow.Runtime.Actors;

namespace NovaCow.Node.Api;

/// <summary>Asks the scheduler, wherever it leads, and turns its refusals into problems.</summary>
/// <param name="scheduler">The scheduler's proxy on this node.</param>
/// <param name="trouble">Why nobody may lead, as far as this node knows.</param>
internal sealed class SchedulerGateway(IActorRef scheduler, Func<string?> trouble)
{
    private const string AskAgain =
        "the request may or may not have been taken: ask again with the same ids";

    /// <summary>How long an answer may take that the scheduler gets from a host.</summary>
    public static readonly TimeSpan HostAnswersWithin = TimeSpan.FromSeconds(30);

    /// <summary>How long it may take until somebody leads.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long anybody waits with one leader before asking whether it still leads.
    /// </summary>
    public TimeSpan AsksAnewAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The scheduler's proxy on this node.</summary>
    public IActorRef Scheduler { get; } = scheduler;

    /// <summary>Asks, and expects this answer.</summary>
    /// <param name="message">The command or query.</param>
    /// <param name="ct">The request's end.</param>
    /// <param name="within">How long the answer itself may take.</param>
    public async Task<T> AskAsync<T>(
        ISchedulerMessage message, CancellationToken ct, TimeSpan within = default)
        where T : ISchedulerMessage
    {
        object answer;
        try
        {
            answer = await Scheduler.Ask<object>(message, within + Patience, ct);
        }
        catch (AskTimeoutException)
        {
            var why = trouble() is { } known ? $" ({known})" : "";
            throw ApiException.NoLeader(
                $"no control node led the cluster in time{why}; {AskAgain}");
        }

        return answer switch
        {
            T expected => expected,
            SchedulerProtocol.Refused refused => throw ApiException.Of(refused.Error),
            Status.Failure failure => throw ApiException.NoLeader(
                $"{failure.Cause.Message}; {AskAgain}"),
            _ => throw new InvalidOperationException(
                $"{message.GetType().Name} was answered by {answer.GetType().Name}"),
        };
    }
}

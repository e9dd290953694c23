namespace NovaCow.Runtime.Actors;

/// <summary>What becomes of a child that failed.</summary>
public enum Directive
{
    /// <summary>Go on with the next message, state as it is.</summary>
    Resume,

    /// <summary>A fresh instance takes over the mailbox.</summary>
    Restart,

    /// <summary>This actor fails with the same cause: let its own parent decide.</summary>
    Escalate,

    Stop,
}

/// <summary>Decides, on the parent's turn, what becomes of failed children.</summary>
public abstract class SupervisorStrategy
{
    /// <summary>Stops children that could not be initialised or were killed, and restarts others.
    /// </summary>
    public static SupervisorStrategy DefaultStrategy { get; } =
        new OneForOneStrategy(DefaultDecider);

    /// <summary>Stops whatever fails.</summary>
    public static SupervisorStrategy StoppingStrategy { get; } =
        new OneForOneStrategy(static _ => Directive.Stop);

    /// <summary>Whether failures are logged as errors. On by default.</summary>
    public bool LoggingEnabled { get; init; } = true;

    public static Directive DefaultDecider(Exception cause) => cause switch
    {
        ActorInitializationException or ActorKilledException or DeathPactException =>
            Directive.Stop,
        _ => Directive.Restart,
    };

    protected abstract Directive Decide(Exception cause);

    /// <summary>False when the failure is to be escalated.</summary>
    internal bool HandleFailure(
        ActorCell parent, InternalActorRef child, Exception cause, ChildRestartStats stats)
    {
        var directive = Decide(cause);
        switch (directive)
        {
            case Directive.Escalate:
                return false;
            case Directive.Resume:
                LogFailure(parent, child, cause, directive);
                child.SendSystemMessage(new Resume(cause));
                return true;
            case Directive.Restart when MayRestart(stats, parent.System.TimeProvider):
                LogFailure(parent, child, cause, directive);
                child.SendSystemMessage(new Recreate(cause));
                return true;
            default:
                LogFailure(parent, child, cause, Directive.Stop);
                parent.Stop(child);
                return true;
        }
    }

    internal abstract bool MayRestart(ChildRestartStats stats, TimeProvider time);

    private void LogFailure(
        ActorCell parent, InternalActorRef child, Exception cause, Directive directive)
    {
        if (!LoggingEnabled)
            return;
        var level = directive == Directive.Resume ? LogLevel.WarningLevel : LogLevel.ErrorLevel;
        parent.System.Log.Publish(level, child.Path, parent.Props.Type, cause.Message, cause);
    }
}

/// <summary>
/// Judges each child by itself: at most <c>maxNrOfRetries</c> restarts within the window, then
/// stop.
/// A negative limit or an infinite window mean no limit.
/// </summary>
public sealed class OneForOneStrategy : SupervisorStrategy
{
    private readonly int _maxNrOfRetries;
    private readonly TimeSpan _withinTimeRange;
    private readonly Func<Exception, Directive> _decider;

    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(null, null, localOnlyDecider)
    {
    }

    public OneForOneStrategy(
        int? maxNrOfRetries,
        TimeSpan? withinTimeRange,
        Func<Exception, Directive> localOnlyDecider,
        bool loggingEnabled = true)
    {
        ArgumentNullException.ThrowIfNull(localOnlyDecider);
        _maxNrOfRetries = maxNrOfRetries ?? -1;
        _withinTimeRange = withinTimeRange ?? Timeout.InfiniteTimeSpan;
        _decider = localOnlyDecider;
        LoggingEnabled = loggingEnabled;
    }

    public OneForOneStrategy(
        int maxNrOfRetries,
        int withinTimeMilliseconds,
        Func<Exception, Directive> localOnlyDecider,
        bool loggingEnabled = true)
        : this(
            maxNrOfRetries,
            TimeSpan.FromMilliseconds(withinTimeMilliseconds),
            localOnlyDecider,
            loggingEnabled)
    {
    }

    protected override Directive Decide(Exception cause) => _decider(cause);

    internal override bool MayRestart(ChildRestartStats stats, TimeProvider time) =>
        stats.RequestRestart(_maxNrOfRetries, _withinTimeRange, time);
}

namespace NovaCow.Runtime.Actors;

/// <summary>What an actor system is started with.</summary>
public sealed record ActorSystemOptions
{
    /// <summary>The clock of timers, timeouts and supervision windows.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How many messages an actor handles before others have a turn on its thread.
    /// </summary>
    public int Throughput { get; init; } = 100;

    /// <summary>The limit of a stash; one message more fails the actor.</summary>
    public int StashCapacity { get; init; } = 100_000;

    /// <summary>How long an ask waits that does not say; null waits for ever.</summary>
    public TimeSpan? AskTimeout { get; init; }

    /// <summary>Below this level nothing is logged, nor published.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.InfoLevel;

    /// <summary>Takes each log event, from any thread; it must be quick and not throw.</summary>
    public Action<LogEvent>? LogSink { get; init; }

    /// <summary>How the guardian judges top-level actors. Escalating ends the system.</summary>
    public SupervisorStrategy UserGuardianStrategy { get; init; } =
        SupervisorStrategy.DefaultStrategy;

    /// <summary>Lets the test kit see when all actors are idle.</summary>
    internal ActivityCounter? Activity { get; init; }
}

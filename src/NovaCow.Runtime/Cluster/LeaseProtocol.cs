using NovaCow.Runtime.Persistence;

namespace NovaCow.Runtime.Cluster;

/// <summary>The times of a leadership lease.</summary>
public sealed record LeaseTimings
{
    /// <summary>How long a lease lasts unrenewed: the most a crash of the leader costs, before
    /// the time that the successor takes to start.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the leader renews.</summary>
    public TimeSpan RenewInterval => TimeToLive / 3;

    /// <summary>How often the others look; a lease given up is taken within this.</summary>
    public TimeSpan PollInterval => TimeToLive / 6;

    /// <summary>How long before the lease can expire an unrenewed leader stops.</summary>
    public TimeSpan SafetyMargin => TimeToLive / 6;

    /// <summary>How long the store may take; then the same is asked anew.</summary>
    public TimeSpan AskTimeout => TimeToLive / 3;

    /// <summary>How soon a renewal that failed is tried again.</summary>
    public TimeSpan RetryInterval => TimeToLive / 12;

    /// <summary>How long a node stays out of the running after its singleton failed.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The same, after it failed many times.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Leadership changed, as this node sees it. Published on the event stream.</summary>
/// <param name="Lease">Which leadership.</param>
/// <param name="Epoch">The leader's epoch; of no leader: the last one's.</param>
/// <param name="Address">Where the leader is; null while there is none.</param>
/// <param name="IsSelf">Whether this node leads.</param>
public sealed record LeaderChanged(string Lease, long Epoch, string? Address, bool IsSelf);

/// <summary>What a lease's holder, or one who waits for it, is doing.</summary>
internal enum LeasePhase
{
    /// <summary>No singleton here; looking for a free lease.</summary>
    Standby,

    /// <summary>The singleton runs here.</summary>
    Leading,

    /// <summary>The singleton was told to stop and has not ended.</summary>
    SteppingDown,

    /// <summary>Nothing more will happen.</summary>
    Stopped,
}

/// <summary>What happened.</summary>
internal abstract record LeaseInput
{
    private LeaseInput()
    {
    }

    /// <summary>Time has passed.</summary>
    public sealed record Tick : LeaseInput;

    /// <summary>The store answered.</summary>
    public sealed record Answered(int Ask, Lease? Lease) : LeaseInput;

    /// <summary>The store did not do what it was asked.</summary>
    public sealed record AskFailed(int Ask) : LeaseInput;

    /// <summary>The singleton has ended, told to or not.</summary>
    public sealed record ChildEnded : LeaseInput;

    /// <summary>This node is to give up leadership for good.</summary>
    public sealed record StopRequested : LeaseInput;
}

/// <summary>What is to be done about it.</summary>
internal abstract record LeaseAction
{
    private LeaseAction()
    {
    }

    /// <summary>Read the lease, and say what it is.</summary>
    public sealed record Read(int Ask) : LeaseAction;

    /// <summary>Take or renew the lease, and say what it is then.</summary>
    public sealed record Acquire(int Ask, string Holder) : LeaseAction;

    /// <summary>Give the lease up, and say when that is done.</summary>
    public sealed record Release(int Ask, string Holder) : LeaseAction;

    public sealed record StartChild(long Epoch) : LeaseAction;

    public sealed record StopChild(string Reason) : LeaseAction;

    public sealed record Announce(long Epoch, string? Address, bool IsSelf) : LeaseAction;

    public sealed record Stop : LeaseAction;
}

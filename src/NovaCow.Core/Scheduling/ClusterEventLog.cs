namespace NovaCow.Core.Scheduling;

/// <summary>The newest events that clients may ask for again; bounded, the oldest go first.
/// </summary>
public sealed class ClusterEventLog(int capacity)
{
    private readonly Queue<ClusterEvent> _kept = new();

    /// <summary>The number of the newest event that there was; 0: none.</summary>
    public long Last { get; private set; }

    /// <summary>Takes in what was journaled under a number; numbers grow.</summary>
    /// <returns>The event for clients; null: it is none of theirs.</returns>
    public ClusterEvent? Add(long sequence, SchedulerEvent happened)
    {
        Last = sequence;
        var shown = Shown(sequence, happened);
        if (shown is null)
            return null;
        _kept.Enqueue(shown);
        if (_kept.Count > capacity)
            _kept.Dequeue();
        return shown;
    }

    /// <summary>The log begins after this number: what came before was saved away.</summary>
    public void StartAfter(long sequence) => (Last, _begin) = (sequence, sequence);

    /// <summary>What came after a number, as far as it is kept.</summary>
    /// <returns>The events, and whether older ones are missing.</returns>
    public (IReadOnlyList<ClusterEvent> Events, bool Missed) After(long sequence)
    {
        var first = _kept.TryPeek(out var oldest) ? oldest.Sequence!.Value : Last + 1;
        var dropped = _kept.Count >= capacity && sequence < first - 1;
        return ([.. _kept.Where(e => e.Sequence > sequence)], dropped || sequence < _begin);
    }

    private long _begin;

    private static ClusterEvent? Shown(long sequence, SchedulerEvent happened) => happened switch
    {
        LaunchAccepted e => Instance(
            sequence, e, LaunchPhase.Accepted, (null, 0), null),
        LaunchPlaced e => Instance(
            sequence, e, LaunchPhase.Placed, (e.Host, e.Fence.Attempt), e.Because),
        AttemptEnded e => Instance(
            sequence, e, LaunchPhase.Accepted, (null, e.Attempt), e.Error.Message),
        LaunchCommitted e => Instance(
            sequence, e, LaunchPhase.Committed, (e.Host, e.Attempt), null),
        LaunchActivated e => Instance(
            sequence, e, LaunchPhase.Active, (e.Host, e.Attempt), null),
        LaunchFailed e => Instance(
            sequence, e, LaunchPhase.Failed, (e.Host, e.Attempt), e.Error.Message),
        LaunchDeleting e => Instance(
            sequence, e, LaunchPhase.Deleting, (e.Host, e.Attempt), null),
        LaunchDeleted e => Instance(
            sequence, e, LaunchPhase.Deleted, (e.Host, e.Attempt), null),
        ChangeAccepted e => Disks(
            sequence, e, e.Change.Kind, ChangePhase.Running, e.Change.Title()),
        ChangeCancelling e => Disks(sequence, e, e.Kind, ChangePhase.Cancelling, null),
        ChangeEnded e => Disks(
            sequence, e, e.Kind, LaunchChange.PhaseOf(e.Error), e.Error?.Message),
        MoveAccepted e => Moved(
            sequence, e, MovePhase.Copying, $"to host {e.To.Host}: {e.Because}"),
        MoveCommitted e => Moved(sequence, e, MovePhase.Leaving, null),
        MoveUndoing e => Moved(sequence, e, MovePhase.Undoing, e.Error.Message),
        MoveEnded e => Moved(sequence, e, LaunchMove.PhaseOf(e.Error), e.Error?.Message),
        HostJoined e => new ClusterEvent.HostChanged(
            e.Host, HostStatus.Up, $"joined, volumes by {e.Driver}")
        {
            Sequence = sequence,
            At = e.At,
        },
        HostLost e => new ClusterEvent.HostChanged(
            e.Host,
            HostStatus.Unreachable,
            e.HasLeft ? "stopped in order" : "silent beyond its grace")
        {
            Sequence = sequence,
            At = e.At,
        },
        HostDutyChanged e => new ClusterEvent.HostChanged(
            e.Host, HostStatus.Up, $"its duty is {e.Duty.ToString().ToLowerInvariant()} now")
        {
            Sequence = sequence,
            At = e.At,
            Duty = e.Duty,
        },
        HostRemoved e => new ClusterEvent.HostChanged(
            e.Host, HostStatus.Unreachable, e.IsForced ? "removed by force" : "removed")
        {
            Sequence = sequence,
            At = e.At,
            IsRemoved = true,
        },
        ImageRegistered e => new ClusterEvent.ImageChanged(e.Image.Name, Registered: true)
        {
            Sequence = sequence,
            At = e.At,
        },
        ImageDeleted e => new ClusterEvent.ImageChanged(e.Name, Registered: false)
        {
            Sequence = sequence,
            At = e.At,
        },
        CacheEvent e => new ClusterEvent.ImageChanged(e.Name, Registered: true)
        {
            Sequence = sequence,
            At = e.At,
            Message = Message(e),
        },
        _ => null,
    };

    private static string Message(CacheEvent happened) => happened switch
    {
        ImageCacheSet e => e.Cache.ToString(),
        ImageUpdateBegun e =>
            $"version {e.Number} becomes current when {e.MinWarm} hosts have it",
        ImageSwitched e => $"version {e.Number} is current",
        ImageUpdateEnded e => $"the update ended: {e.Error.Message}",
        _ => throw new InvalidOperationException($"no message for {happened.GetType().Name}"),
    };

    private static ClusterEvent.DisksChanged Disks(
        long sequence, LaunchEvent e, ChangeKind kind, ChangePhase phase, string? message) =>
        new(e.Id, kind, phase, message) { Sequence = sequence, At = e.At };

    private static ClusterEvent.InstanceMoved Moved(
        long sequence, LaunchEvent e, MovePhase phase, string? message) =>
        new(e.Id, phase, message) { Sequence = sequence, At = e.At };

    private static ClusterEvent.InstanceChanged Instance(
        long sequence, LaunchEvent e, LaunchPhase phase, (HostId? Host, int Attempt) where,
        string? message) =>
        new(e.Id, phase, where.Host, where.Attempt, message) { Sequence = sequence, At = e.At };
}

using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>How a simulated host changes disks: a change takes time, and how it ended is durable
/// before it is said. A crash may come when the disk is as asked and nothing says so yet.</summary>
internal sealed partial class SimulatedHost
{
    private readonly Dictionary<InstanceId, SimulatedDisks> _disks = [];

    public IReadOnlyList<InstanceDisk> DisksOf(InstanceId id) => _disks[id].All;

    /// <summary>How often the disks of an instance were changed by each of its changes.</summary>
    public IReadOnlyList<int> ChangesOf(InstanceId id) => _disks[id].Finished;

    /// <summary>Those that are under way end, most of them well.</summary>
    public IEnumerable<Said> Work(Dice dice)
    {
        if (IsDown)
            yield break;
        foreach (var (id, disks) in _disks.Where(d => Has.ContainsKey(d.Key)).ToList())
        {
            if (disks.Running is not { } change)
                continue;
            if (IsCold(change.What) && IsOn(id))
            {
                yield return End(id, change.Number, Given.Error(false), change.What);
                continue;
            }

            if (dice.Next(4) > 0)
            {
                disks.Apply(change);
                foreach (var said in Publish(change.Number, change.What))
                    yield return said;
                foreach (var said in SetFor(id, change.What))
                    yield return said;
            }

            if (dice.Next(6) == 0)
            {
                // The process dies here; Crash() is another step.
                disks.Running = null;
                continue;
            }

            var done = disks.IsAs(change);
            yield return End(id, change.Number, done ? null : Given.Error(false), change.What);
        }
    }

    private IEnumerable<Said> Change(SchedulerEffect.Change c)
    {
        if (!IsMine(c.Id, c.Fence))
            return [];
        var disks = _disks[c.Id];
        if (disks.Ended is { } ended && ended.Number >= c.Number)
            return Again(c.Id, c.Number);
        if (disks.Running is null || disks.Running.Value.Number < c.Number)
        {
            disks.Running = (c.Number, c.What);
            BeginCapture(c.What);
        }

        return [];
    }

    private IEnumerable<Said> CancelChange(SchedulerEffect.CancelChange c)
    {
        if (!IsMine(c.Id, c.Fence))
            return [];
        var disks = _disks[c.Id];
        if (disks.Ended is { } ended && ended.Number >= c.Number)
            return Again(c.Id, c.Number);
        var cancelled = new LaunchError(LaunchErrorCode.Cancelled, "given up", true);
        return [End(c.Id, c.Number, cancelled, disks.Running?.What, c.Kind)];
    }

    private IEnumerable<Said> Again(InstanceId id, int number) =>
        _disks[id].Ended is { } ended && ended.Number == number ? [Say(id, ended)] : [];

    private Said.Changed End(
        InstanceId id, int number, LaunchError? error, InstanceChange? what,
        ChangeKind kind = default)
    {
        var disks = _disks[id];
        disks.Ended = new ChangeEnded(id, number, what?.Kind ?? kind, error, null, default)
        {
            Captured = error is null && what is InstanceChange.Capture capture
                ? ImageOf(capture, number)
                : null,
        };
        disks.Running = null;
        if (error is null)
            disks.Finished.Add(number);
        return Say(id, disks.Ended);
    }

    private Said.Changed Say(InstanceId id, ChangeEnded ended) => new(
        Id, _admission.Newest(id)!.Value, ended with { Disks = DisksOf(id) });

    private static bool IsCold(InstanceChange change) =>
        change is InstanceChange.Resize or InstanceChange.Flatten or InstanceChange.Rebase
            or InstanceChange.Migrate;

    private bool IsMine(InstanceId id, LaunchFence fence) =>
        Has.ContainsKey(id)
            && _admission.Newest(id)?.Attempt == fence.Attempt
            && _admission.Admit(id, fence) == Admission.SameAttempt;

    private sealed class SimulatedDisks
    {
        /// <summary>The root disk, and those that were attached later.</summary>
        public IReadOnlyList<InstanceDisk> All { get; private set; } =
            [Disk(DiskName.Root, DiskPlan.RootBytes(Given.Image(), Given.Tiny))];

        /// <summary>Whether its commit starts its machine, and a start that fails undoes it: it
        /// was never active before, on any host.</summary>
        public bool MayStart { get; set; } = true;

        public (int Number, InstanceChange What)? Running { get; set; }

        public ChangeEnded? Ended { get; set; }

        public List<int> Finished { get; init; } = [];

        private int _applied;

        /// <summary>What a guest would read, in a number.</summary>
        public int Content { get; init; } = Interlocked.Increment(ref s_contents);

        /// <summary>The same disks on another host, which knows nothing of changes.</summary>
        public SimulatedDisks Copy() =>
            new()
            {
                All = All,
                Content = Content,
                Finished = [.. Finished],
                MayStart = false,
                Writes = Writes,
            };

        /// <summary>How often a guest was started on them, and wrote.</summary>
        public int Writes { get; set; }

        public bool IsAs((int Number, InstanceChange What) change) =>
            _applied == change.Number
                || (IsSeen(change.What) && All.SequenceEqual(As(change.What)));

        public void Apply((int Number, InstanceChange What) change) =>
            (All, _applied) = (As(change.What), change.Number);

        // What is not seen from the disks is done once it was done.
        private static bool IsSeen(InstanceChange change) =>
            IsCold(change) || change is InstanceChange.Attach or InstanceChange.Detach;

        private IReadOnlyList<InstanceDisk> As(InstanceChange change)
        {
            var (root, further) = (All[0], All.Skip(1));
            return change switch
            {
                InstanceChange.Resize c =>
                    [root with { VirtualSizeBytes = c.RootBytes }, .. further],
                InstanceChange.Flatten => [root with { BackingFile = null }, .. further],
                InstanceChange.Rebase c =>
                    [root with { BackingFile = c.Image.BaseKey() }, .. further],
                InstanceChange.Rebuild c =>
                    [root with { BackingFile = c.Image.BaseKey() }, .. further],
                InstanceChange.Migrate c when root.BackingFile is null =>
                    [root with { BackingFile = c.Image.BaseKey() }, .. further],
                InstanceChange.Attach c => [.. All.Where(d => d.Name != c.Disk), Attached(c)],
                InstanceChange.Detach { Delete: true } c => [.. All.Where(d => d.Name != c.Disk)],
                InstanceChange.Detach c =>
                    [.. All.Select(d => d.Name == c.Disk ? d with { IsDetached = true } : d)],
                _ => All,
            };
        }

        private InstanceDisk Attached(InstanceChange.Attach change) =>
            (change.Blank is { } blank
                ? Disk(change.Disk, blank.SizeBytes) with { BackingFile = BaseKey.Of(blank) }
                : All.First(d => d.Name == change.Disk)) with
            {
                Device = change.Device,
                IsDetached = false,
            };

        private static InstanceDisk Disk(DiskName name, long bytes) => new()
        {
            Name = name,
            BackingFile = Given.Image().BaseKey(),
            VirtualSizeBytes = bytes,
            AllocatedBytes = 1,
            Path = name.Value,
            Format = "qcow2",
        };
    }
}

internal abstract partial record Said
{
    public sealed record Changed(HostId Host, LaunchFence Fence, ChangeEnded Ended) : Said;
}

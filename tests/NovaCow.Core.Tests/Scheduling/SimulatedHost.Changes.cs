using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>How a simulated host changes disks: a change takes time, and how it ended is durable
/// before it is said. A crash may come when the disk is as asked and nothing says so yet.</summary>
internal sealed partial class SimulatedHost
{
    private readonly Dictionary<InstanceId, SimulatedDisks> _disks = [];

    public IReadOnlyList<InstanceDisk> DisksOf(InstanceId id) => [_disks[id].Root];

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
            if (dice.Next(4) > 0)
                disks.Apply(change.What);
            if (dice.Next(6) == 0)
            {
                // The process dies here; Crash() is another step.
                disks.Running = null;
                continue;
            }

            var done = disks.IsAs(change.What);
            yield return End(id, change.Number, done ? null : Given.Error(false), change.What.Kind);
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
            disks.Running = (c.Number, c.What);
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
        return [End(c.Id, c.Number, cancelled, c.Kind)];
    }

    private IEnumerable<Said> Again(InstanceId id, int number) =>
        _disks[id].Ended is { } ended && ended.Number == number
            ? [Say(id, ended.Number, ended.Error, ended.Kind)]
            : [];

    private Said.Changed End(InstanceId id, int number, LaunchError? error, ChangeKind kind)
    {
        var disks = _disks[id];
        disks.Ended = (number, error, kind);
        disks.Running = null;
        if (error is null)
            disks.Finished.Add(number);
        return Say(id, number, error, kind);
    }

    private Said.Changed Say(InstanceId id, int number, LaunchError? error, ChangeKind kind) => new(
        Id, _admission.Newest(id)!.Value,
        new ChangeEnded(id, number, kind, error, DisksOf(id), default));

    private bool IsMine(InstanceId id, LaunchFence fence) =>
        Has.ContainsKey(id)
            && _admission.Newest(id)?.Attempt == fence.Attempt
            && _admission.Admit(id, fence) == Admission.SameAttempt;

    private sealed class SimulatedDisks
    {
        public InstanceDisk Root { get; private set; } = new()
        {
            Name = DiskName.Root,
            BackingFile = Given.Image().BaseKey(),
            VirtualSizeBytes = DiskPlan.RootBytes(Given.Image(), Given.Tiny),
            AllocatedBytes = 1,
            Path = "root",
            Format = "qcow2",
        };

        public (int Number, InstanceChange What)? Running { get; set; }

        public (int Number, LaunchError? Error, ChangeKind Kind)? Ended { get; set; }

        public List<int> Finished { get; init; } = [];

        /// <summary>What a guest would read, in a number.</summary>
        public int Content { get; init; } = Interlocked.Increment(ref s_contents);

        /// <summary>The same disks on another host, which knows nothing of changes.</summary>
        public SimulatedDisks Copy() =>
            new() { Root = Root, Content = Content, Finished = [.. Finished], Writes = Writes };

        /// <summary>How often a guest was started on them, and wrote.</summary>
        public int Writes { get; set; }

        public bool IsAs(InstanceChange change) => Root == As(change);

        public void Apply(InstanceChange change) => Root = As(change);

        private InstanceDisk As(InstanceChange change) => change switch
        {
            InstanceChange.Resize c => Root with { VirtualSizeBytes = c.RootBytes },
            InstanceChange.Flatten => Root with { BackingFile = null },
            InstanceChange.Rebase c => Root with { BackingFile = c.Image.BaseKey() },
            InstanceChange.Migrate c when Root.BackingFile is null =>
                Root with { BackingFile = c.Image.BaseKey() },
            _ => Root,
        };
    }
}

internal abstract partial record Said
{
    public sealed record Changed(HostId Host, LaunchFence Fence, ChangeEnded Ended) : Said;
}

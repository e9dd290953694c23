using System.Collections;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// The launches that wait for a host, and whose turn it is: the higher priority first; within one,
/// projects share turns by start-time fair queueing; then the older launch. Adding, removing, the
/// next turn and a launch's place take logarithmic time.
/// </summary>
/// <remarks>
/// A launch's turn is fixed when it begins to wait: it starts where its project's one before
/// ends, and no earlier than the newest start that was served, and takes as long as it is large.
/// So a project that asks for much waits behind itself and not before the others, and nobody of
/// the same priority can get before a launch without end. What a project holds already does not
/// count: a share by holdings would let one that deletes as fast as it launches starve the others.
/// </remarks>
public sealed class LaunchQueue : IReadOnlyCollection<Launch>
{
    /// <summary>Memory that weighs as much as one virtual processor, in MiB.</summary>
    public const int MiBPerVCpu = 2_048;

    private readonly Dictionary<InstanceId, Turn> _turns = [];
    private readonly SortedSet<Turn> _byAge = new(ByAge);
    private readonly Dictionary<LaunchSpec, SortedSet<Turn>> _bySpec =
        new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<int, QueueLevel> _levels = [];
    private readonly Dictionary<ProjectName, int> _byProject = [];
    private readonly RankedSet<Turn> _places = new(InOrder);

    /// <summary>How many wait.</summary>
    public int Count => _turns.Count;

    private static Comparer<Turn> ByAge { get; } =
        Comparer<Turn>.Create((a, b) => CompareAge(a.Launch, b.Launch));

    private static Comparer<Turn> InOrder { get; } = Comparer<Turn>.Create((a, b) =>
    {
        var byPriority = b.Launch.Spec.Priority.CompareTo(a.Launch.Spec.Priority);
        if (byPriority != 0)
            return byPriority;
        var byStart = a.Start.CompareTo(b.Start);
        return byStart != 0 ? byStart : CompareAge(a.Launch, b.Launch);
    });

    /// <summary>How many of a project wait.</summary>
    public int CountOf(ProjectName project) => _byProject.GetValueOrDefault(project);

    /// <summary>A waiting launch's place, from 1.</summary>
    public int PlaceOf(InstanceId id) => _places.RankOf(_turns[id]) + 1;

    /// <summary>Looks through the queue in the order of turns.</summary>
    public Scan LookThrough() => new(this);

    /// <summary>The oldest first.</summary>
    public IEnumerator<Launch> GetEnumerator() => _byAge.Select(t => t.Launch).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Add(Launch launch)
    {
        var (spec, project) = (launch.Spec, launch.Spec.ProjectOrDefault);
        if (!_levels.TryGetValue(spec.Priority, out var level))
            _levels[spec.Priority] = level = new QueueLevel();

        // One that was placed before has had its turn, and lost it by no fault of its own.
        var (start, end) = level.Enter(project, launch.Attempt > 0 ? 0 : Weight(spec.Flavor));
        var turn = new Turn(launch, start, end);
        _turns.Add(launch.Id, turn);
        _byAge.Add(turn);
        _places.Add(turn);
        if (!_bySpec.TryGetValue(spec, out var alike))
            _bySpec[spec] = alike = new SortedSet<Turn>(InOrder);
        alike.Add(turn);
        _byProject[project] = CountOf(project) + 1;
    }

    internal void Remove(Launch launch, bool isPlaced)
    {
        _turns.Remove(launch.Id, out var turn);
        var (spec, project) = (launch.Spec, launch.Spec.ProjectOrDefault);
        _byAge.Remove(turn!);
        _places.Remove(turn!);
        var alike = _bySpec[spec];
        alike.Remove(turn!);
        if (alike.Count == 0)
            _bySpec.Remove(spec);
        if (_byProject[project] == 1)
            _byProject.Remove(project);
        else
            _byProject[project]--;

        // Where nobody waits, nobody is owed anything.
        var level = _levels[spec.Priority];
        level.Leave(project, isPlaced ? (turn!.Start, turn.End) : null);
        if (level.Waiting == 0)
            _levels.Remove(spec.Priority);
    }

    internal static int CompareAge(Launch a, Launch b)
    {
        var byTime = a.Timings.AcceptedAt.CompareTo(b.Timings.AcceptedAt);
        return byTime != 0 ? byTime : string.CompareOrdinal(a.Id.Value, b.Id.Value);
    }

    private static long Weight(Flavor flavor) =>
        Math.Max(1, Math.Max((long)flavor.VCpus * MiBPerVCpu, flavor.MemoryBytes >> 20));

    /// <summary>One look through the queue, which may lose what was looked at meanwhile. What is
    /// alike need not be tried again: a refused launch keeps only those like it waiting.</summary>
    public sealed class Scan
    {
        private readonly LaunchQueue _queue;
        private readonly PriorityQueue<Turn, Turn> _heads = new(InOrder);
        private Turn? _last;

        internal Scan(LaunchQueue queue)
        {
            _queue = queue;
            foreach (var alike in queue._bySpec.Values)
                _heads.Enqueue(alike.Min!, alike.Min!);
        }

        /// <summary>The next launch; null: there are no more.</summary>
        public Launch? Next()
        {
            if (_last is not null && After(_last) is { } next)
                _heads.Enqueue(next, next);
            _heads.TryDequeue(out _last, out _);
            return _last?.Launch;
        }

        /// <summary>Those like the last one are passed over.</summary>
        public void PassOverAlike() => _last = null;

        private Turn? After(Turn turn)
        {
            if (!_queue._bySpec.TryGetValue(turn.Launch.Spec, out var alike)
                || InOrder.Compare(turn, alike.Max) >= 0)
            {
                return null;
            }

            foreach (var next in alike.GetViewBetween(turn, alike.Max))
            {
                if (next != turn)
                    return next;
            }

            return null;
        }
    }

    internal sealed class Turn(Launch launch, long start, long end)
    {
        public Launch Launch { get; } = launch;

        public long Start { get; } = start;

        public long End { get; } = end;
    }
}

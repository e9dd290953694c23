namespace NovaCow.Core.Scheduling;

/// <summary>The launches of one priority: which turn each gets among its project's and the
/// others'; part of <see cref="LaunchQueue"/>. Turns are counted in weights served.</summary>
internal sealed class QueueLevel
{
    private const int KeptProjects = 256;
    private const int MaxIdleProjects = 10_000;

    private readonly Dictionary<ProjectName, Flow> _flows = [];
    private long _served;
    private int _forgetFrom = KeptProjects;

    public int Waiting { get; private set; }

    /// <summary>Gives the next launch of a project its turn.</summary>
    public (long Start, long End) Enter(ProjectName project, long weight)
    {
        Waiting++;
        if (!_flows.TryGetValue(project, out var flow))
            _flows[project] = flow = new Flow();
        flow.Waiting++;
        if (weight == 0)
            return (_served, _served);
        var start = Math.Max(_served, flow.End);
        flow.End = start + weight;
        return (start, flow.End);
    }

    /// <summary>A launch does not wait any more.</summary>
    /// <param name="project">Its project.</param>
    /// <param name="turn">The turn that it had; null: it gave up before.</param>
    public void Leave(ProjectName project, (long Start, long End)? turn)
    {
        Waiting--;
        var flow = _flows[project];
        flow.Waiting--;
        if (turn is { } had)
        {
            _served = Math.Max(_served, had.Start);
            flow.Served = Math.Max(flow.Served, had.End);
        }
        else if (flow.Waiting == 0)
        {
            // What was given up has cost nobody anything.
            flow.End = flow.Served;
        }

        if (_flows.Count > _forgetFrom)
            Forget();
    }

    private void Forget()
    {
        var idle = _flows.Where(f => f.Value.Waiting == 0).ToList();
        var areTooMany = idle.Count > MaxIdleProjects;
        foreach (var (project, flow) in idle)
        {
            if (areTooMany || flow.End <= _served)
                _flows.Remove(project);
        }

        _forgetFrom = Math.Max(KeptProjects, 2 * _flows.Count);
    }

    private sealed class Flow
    {
        public int Waiting { get; set; }

        public long End { get; set; }

        public long Served { get; set; }
    }
}

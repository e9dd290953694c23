namespace NovaCow.Nemesis.Network;

/// <summary>Which paths are cut now, for those who carry bytes along them.</summary>
internal sealed class CutTable
{
    private readonly Lock _gate = new();
    private HashSet<PathCut> _cuts = [];
    private TaskCompletionSource _changed = NewChange();

    /// <summary>Completes when the cuts are others.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    public void Set(IEnumerable<PathCut> cuts)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _cuts = [.. cuts];
            (changed, _changed) = (_changed, NewChange());
        }

        changed.SetResult();
    }

    /// <summary>Whether connections between the two are reset.</summary>
    public bool IsRefused(string a, string b)
    {
        lock (_gate)
        {
            return _cuts.Contains(new PathCut(a, b, IsRefused: true))
                || _cuts.Contains(new PathCut(b, a, IsRefused: true));
        }
    }

    /// <summary>Waits until bytes pass that way.</summary>
    public async Task UntilOpenAsync(string from, string to, CancellationToken ct)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (!_cuts.Contains(new PathCut(from, to, IsRefused: false)))
                    return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(ct);
        }
    }

    private static TaskCompletionSource NewChange() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}

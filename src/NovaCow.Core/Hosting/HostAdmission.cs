namespace NovaCow.Core.Hosting;

/// <summary>What a host makes of a command's fence.</summary>
public enum Admission
{
    /// <summary>The command is about an attempt that the host has not seen.</summary>
    NewAttempt,

    /// <summary>The command is about the attempt that the host has.</summary>
    SameAttempt,

    /// <summary>The command is older than one that was seen for this instance: refused.</summary>
    StaleAttempt,

    /// <summary>The command comes from a deposed leader: refused.</summary>
    StaleEpoch,
}

/// <summary>
/// Fences a host: remembers the newest leadership epoch, and the newest attempt of each instance,
/// and refuses commands that are older. Attempts of instances that are gone are remembered too,
/// the newest of them, so that a late command cannot bring one back.
/// </summary>
public sealed class HostAdmission(int maxForgotten = HostAdmission.DefaultMaxForgotten)
{
    /// <summary>How many instances that are gone are remembered by default.</summary>
    public const int DefaultMaxForgotten = 10_000;

    private readonly Dictionary<InstanceId, LaunchFence> _newest = [];
    private readonly Dictionary<InstanceId, LaunchFence> _gone = [];
    private readonly Queue<(InstanceId Id, LaunchFence Fence)> _goneOrder = new();

    /// <summary>The newest epoch that was seen; 0: none.</summary>
    public long Epoch { get; private set; }

    /// <summary>A leader welcomed the host.</summary>
    /// <returns>False when its epoch is older than one that was seen.</returns>
    public bool Welcome(long epoch)
    {
        if (epoch < Epoch)
            return false;
        Epoch = epoch;
        return true;
    }

    /// <summary>An instance was found on the store at start.</summary>
    public void Found(InstanceId id, LaunchFence fence) => _newest[id] = fence;

    /// <summary>Judges a command and, unless it is refused, remembers its fence.</summary>
    public Admission Admit(InstanceId id, LaunchFence fence)
    {
        if (!Welcome(fence.Epoch))
            return Admission.StaleEpoch;
        var known = _newest.TryGetValue(id, out var seen) || _gone.TryGetValue(id, out seen);
        if (known && fence.Attempt < seen.Attempt)
            return Admission.StaleAttempt;
        var same = _newest.ContainsKey(id) && fence.Attempt == seen.Attempt;
        _newest[id] = fence;
        return same ? Admission.SameAttempt : Admission.NewAttempt;
    }

    /// <summary>The newest fence of an instance that is on the host or was of late.</summary>
    public LaunchFence? Newest(InstanceId id) =>
        _newest.TryGetValue(id, out var fence) || _gone.TryGetValue(id, out fence) ? fence : null;

    /// <summary>Nothing is left of the instance on this host.</summary>
    public void Gone(InstanceId id)
    {
        if (!_newest.Remove(id, out var fence))
            return;
        _gone[id] = fence;
        _goneOrder.Enqueue((id, fence));
        if (_goneOrder.Count > maxForgotten && _goneOrder.TryDequeue(out var oldest)
            && _gone.TryGetValue(oldest.Id, out var current) && current == oldest.Fence)
        {
            _gone.Remove(oldest.Id);
        }
    }
}

namespace NovaCow.Core.Hosting;

/// <summary>What a host makes of a command's fence.</summary>
public enum Admission
{
    /// <summary>The command is about an attempt that the host has not seen.</summary>
    NewAttempt,

    /// <summary>The command is about the attempt that the host has.</summary>
    SameAttempt,

    /// <summary>The command is about an attempt that has ended on this host: nothing is made for
    /// it again.</summary>
    EndedAttempt,

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
public sealed class HostAdmission(int maxEnded = HostAdmission.DefaultMaxEnded)
{
    /// <summary>How many instances that are gone are remembered by default.</summary>
    public const int DefaultMaxEnded = 10_000;

    private readonly Dictionary<InstanceId, LaunchFence> _newest = [];
    private readonly Dictionary<InstanceId, Ended> _ended = [];
    private readonly Queue<Ended> _endedOrder = new();

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

    /// <summary>Judges a command and, unless it is refused or its attempt has ended, remembers
    /// its fence.</summary>
    public Admission Admit(InstanceId id, LaunchFence fence)
    {
        if (!Welcome(fence.Epoch))
            return Admission.StaleEpoch;
        if (_newest.TryGetValue(id, out var seen))
        {
            if (fence.Attempt < seen.Attempt)
                return Admission.StaleAttempt;
            _newest[id] = fence;
            return fence.Attempt == seen.Attempt ? Admission.SameAttempt : Admission.NewAttempt;
        }

        if (_ended.TryGetValue(id, out var ended) && fence.Attempt <= ended.Fence.Attempt)
        {
            return fence.Attempt == ended.Fence.Attempt
                ? Admission.EndedAttempt
                : Admission.StaleAttempt;
        }

        _newest[id] = fence;
        return Admission.NewAttempt;
    }

    /// <summary>The newest fence of an instance that is on the host.</summary>
    public LaunchFence? Newest(InstanceId id) =>
        _newest.TryGetValue(id, out var fence) ? fence : null;

    /// <summary>Nothing is left of the instance on this host.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="error">Why its attempt failed; null: it was removed.</param>
    public void End(InstanceId id, LaunchError? error)
    {
        if (!_newest.Remove(id, out var fence))
            return;
        var ended = new Ended(id, fence, error);
        _ended[id] = ended;
        _endedOrder.Enqueue(ended);
        if (_endedOrder.Count > maxEnded && _endedOrder.TryDequeue(out var oldest)
            && ReferenceEquals(_ended.GetValueOrDefault(oldest.Id), oldest))
        {
            _ended.Remove(oldest.Id);
        }
    }

    /// <summary>Why the newest attempt of an instance that is gone failed; null: it did not.
    /// </summary>
    public LaunchError? WhyEnded(InstanceId id) => _ended.GetValueOrDefault(id)?.Error;

    private sealed record Ended(InstanceId Id, LaunchFence Fence, LaunchError? Error);
}

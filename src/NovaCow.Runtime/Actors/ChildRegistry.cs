namespace NovaCow.Runtime.Actors;

/// <summary>What a cell waits for its stopping children with.</summary>
internal enum WaitReason
{
    None,
    Creation,
    Recreation,
    Termination,
}

/// <summary>What a parent remembers of a child: who it is, and its restarts within the window.
/// </summary>
public sealed class ChildRestartStats
{
    private int _restarts;
    private long _windowStart;

    internal ChildRestartStats(InternalActorRef child) => Child = child;

    public InternalActorRef Child { get; }

    internal bool IsDying { get; set; }

    /// <summary>Counts one more restart and says whether it is allowed. A window that has passed
    /// begins anew with this restart.</summary>
    internal bool RequestRestart(int maxRetries, TimeSpan window, TimeProvider time)
    {
        if (maxRetries == 0)
            return false;
        if (window == Timeout.InfiniteTimeSpan)
            return maxRetries < 0 || ++_restarts <= maxRetries;
        var allowed = maxRetries < 0 ? 1 : maxRetries;
        var now = time.GetTimestamp();
        if (_restarts == 0 || time.GetElapsedTime(_windowStart, now) > window)
        {
            _windowStart = now;
            _restarts = 0;
        }

        return ++_restarts <= allowed;
    }
}

/// <summary>
/// The children of one cell by name. It is locked, not confined, because paths are resolved, and
/// guardians given children, from any thread.
/// </summary>
internal sealed class ChildRegistry
{
    /// <summary>Has no children and takes none.</summary>
    public static readonly ChildRegistry Closed = new() { _reason = WaitReason.Termination };

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ChildRestartStats> _byName = new(StringComparer.Ordinal);
    private WaitReason _reason;
    private Exception? _cause;
    private int _dying;
    private ulong _anonymous;
    private IActorRef[]? _all;

    public bool IsWaiting => _reason != WaitReason.None;

    public LocalActorRef Add(ActorCell parent, string? name, Props props)
    {
        lock (_lock)
        {
            if (_reason == WaitReason.Termination)
            {
                throw new InvalidOperationException(
                    $"{parent.Self.Path} is stopping and takes no more children");
            }

            name ??= NextAnonymousName();
            var path = parent.Self.Path.CreateChild(name, Random.Shared.NextInt64(1, 1L << 48));
            var child = new LocalActorRef(path);
            if (!_byName.TryAdd(name, new ChildRestartStats(child)))
                Replace(parent, name, child);
            _ = new ActorCell(parent.System, child, parent.Self, props);
            _all = null;
            return child;
        }
    }

    public ChildRestartStats? Find(string name)
    {
        lock (_lock)
            return _byName.GetValueOrDefault(name);
    }

    public IActorRef[] All()
    {
        lock (_lock)
            return _all ??= [.. _byName.Values.Select(stats => stats.Child)];
    }

    public void MarkDying(IActorRef child)
    {
        lock (_lock)
        {
            if (_byName.TryGetValue(child.Path.Name, out var stats)
                && stats.Child.Equals(child)
                && !stats.IsDying)
            {
                stats.IsDying = true;
                _dying++;
            }
        }
    }

    /// <summary>True when there are stopping children to wait for.</summary>
    public bool TryWait(WaitReason reason, Exception? cause)
    {
        lock (_lock)
        {
            if (_dying == 0)
                return false;
            _reason = reason;
            _cause = cause;
            return true;
        }
    }

    /// <summary>Begins the wait for the end: every child is to stop, and none may come. In one
    /// step, since guardians get children from other threads at the same time.</summary>
    public IActorRef[] Close()
    {
        lock (_lock)
        {
            _reason = WaitReason.Termination;
            foreach (var stats in _byName.Values)
                stats.IsDying = true;
            _dying = _byName.Count;
            return All();
        }
    }

    /// <summary>Forgets a child that stopped. The result says what its parent was waiting with, if
    /// this was the last one it waited for; null when it was no child.</summary>
    public (WaitReason Reason, Exception? Cause)? Remove(IActorRef child)
    {
        lock (_lock)
        {
            if (!_byName.TryGetValue(child.Path.Name, out var stats)
                || !stats.Child.Equals(child))
                return null;
            _byName.Remove(child.Path.Name);
            _all = null;
            if (stats.IsDying)
                _dying--;
            if (_dying > 0 || _reason == WaitReason.None)
                return (WaitReason.None, null);
            var result = (_reason, _cause);
            if (_reason != WaitReason.Termination)
                _reason = WaitReason.None;
            _cause = null;
            return result;
        }
    }

    /// <summary>Gives the name of a child that has stopped to its successor: whoever was told of
    /// the death may use the name at once, even before the parent has heard.</summary>
    private void Replace(ActorCell parent, string name, LocalActorRef successor)
    {
        var stats = _byName[name];
        if (!stats.Child.IsTerminated)
            throw new ActorNameNotUniqueException(parent.Self.Path, name);
        if (stats.IsDying)
            _dying--;
        _byName[name] = new ChildRestartStats(successor);
    }

    private string NextAnonymousName()
    {
        const string Digits =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";
        Span<char> name = stackalloc char[12];
        name[0] = '$';
        var length = 1;
        var rest = _anonymous++;
        do
        {
            name[length++] = Digits[(int)(rest & 63)];
            rest >>= 6;
        }
        while (rest != 0);
        return new string(name[..length]);
    }
}

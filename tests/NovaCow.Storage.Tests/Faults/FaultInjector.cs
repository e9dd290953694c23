namespace NovaCow.Storage.Tests;

/// <summary>The process that a test pretends to have died: nothing it tries has any effect.
/// </summary>
internal sealed class CrashException(string step) : Exception($"crashed before {step}");

/// <summary>
/// Stands before each change that a store makes to its disk. It counts them, and at a chosen one
/// crashes, for good, or fails once with an error of the kernel's.
/// </summary>
internal sealed class FaultInjector
{
    private readonly Lock _gate = new();
    private readonly List<string> _steps = [];
    private Action<int, string>? _act;

    /// <summary>The steps since the last arming, as <c>operation path</c>.</summary>
    public IReadOnlyList<string> Steps => _steps;

    public StoreFiles Files() => new(Before);

    /// <summary>Counts from here on, and does nothing.</summary>
    public void Count() => Arm(null);

    /// <summary>From the step with this number, from 0, nothing happens any more.</summary>
    public void CrashAt(int step) => Arm((n, name) =>
    {
        if (n >= step)
            throw new CrashException(name);
    });

    /// <summary>Fails the step with this number, from 0, and only that one.</summary>
    public void FailAt(int step, int errno) => Arm((n, name) =>
    {
        if (n == step)
            throw new StoreIoException("injected", name, errno);
    });

    /// <summary>Does something before the step with this number, from 0, and before each after it.
    /// </summary>
    public void ActFrom(int step, Action<string> act) => Arm((n, name) =>
    {
        if (n >= step)
            act(name);
    });

    private void Arm(Action<int, string>? act)
    {
        lock (_gate)
        {
            _steps.Clear();
            _act = act;
        }
    }

    public void Before(string operation, string path)
    {
        lock (_gate)
        {
            _steps.Add($"{operation} {Path.GetFileName(path)}");
            _act?.Invoke(_steps.Count - 1, _steps[^1]);
        }
    }
}

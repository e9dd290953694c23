using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What happens to an operation before the power is cut.</summary>
internal enum Mishap
{
    None,

    /// <summary>A step fails, and the operation is tried again.</summary>
    Error,

    /// <summary>The process dies before a step; a new one starts on the store and tries again.
    /// </summary>
    Crash,
}

/// <summary>When the power is cut.</summary>
/// <param name="Step">Before which step of the operation, from 0; beyond its last one: after it
/// was acknowledged.</param>
/// <param name="Mishap">What happened before.</param>
/// <param name="MishapStep">At which step, from 0.</param>
internal sealed record CutPlan(int Step, Mishap Mishap = Mishap.None, int MishapStep = 0)
{
    public const int Acknowledged = int.MaxValue;
}

/// <summary>What came of a round.</summary>
/// <param name="Cut">Before which step the power was cut.</param>
/// <param name="MishapReached">Whether the operation had the step of the mishap.</param>
/// <param name="Violations">What should not be.</param>
internal sealed record CutResult(
    string Cut, bool MishapReached, IReadOnlyList<string> Violations);

/// <summary>One store on one disk whose power is cut again and again. What was acknowledged in any
/// round must survive all later ones.</summary>
/// <remarks>With <c>forget</c> the operations, not what prepares them, leave out the syncs of the
/// paths that it names: then violations should be found.</remarks>
internal sealed class PowerCuts : IAsyncDisposable
{
    public const string AfterAcknowledgement = "after the acknowledgement";
    private readonly CutDisk _disk;
    private readonly string _driver;
    private readonly IReadOnlyDictionary<string, TestContent> _contents;
    private readonly Func<string, bool> _forget;
    private readonly StoreLedger _ledger = new();
    private readonly FaultInjector _faults = new();
    private readonly List<string> _violations = [];
    private string? _cut;
    private string? _error;
    private bool _isActing;
    private StoreWork _work;

    public PowerCuts(
        CutDisk disk,
        string driver,
        IReadOnlyDictionary<string, TestContent> contents,
        Func<string, bool>? forget = null)
    {
        (_disk, _driver, _contents) = (disk, driver, contents);
        _forget = path => _isActing && forget is not null && forget(path);
        _work = Open();
    }

    /// <summary>Runs an operation, cuts the power, starts again and looks.</summary>
    public async Task<CutResult> RunAsync(StoreOperation operation, CutPlan plan)
    {
        Begin();
        await operation.Prepare(_work);
        _isActing = true;
        var reached = plan.Mishap switch
        {
            Mishap.Error => await FailAsync(operation, plan.MishapStep),
            Mishap.Crash => await CrashAsync(operation, plan.MishapStep),
            _ => true,
        };
        _faults.ActFrom(plan.Step, CutBefore);
        await TryAsync(() => operation.Act(_work));
        return await EndAsync(operation.Act, reached);
    }

    /// <summary>Many workers at once, each with things of its own, and a cut at some moment.
    /// </summary>
    public async Task<CutResult> RunCrowdAsync(Random random)
    {
        Begin();
        await _work.MakeBaseAsync(TestContent.Kept);
        var workers = random.Next(4, 17);
        var crowd = new Crowd(_work);
        var isTimed = random.Next(2) == 0;
        _faults.ActFrom(isTimed ? int.MaxValue : random.Next(workers * 12), CutBefore);
        var all = Enumerable.Range(0, workers)
            .Select(n => (Number: n, Random: new Random(random.Next())))
            .Select(w => TryAsync(() => crowd.WorkAsync(w.Number, w.Random)))
            .ToList();
        if (isTimed)
        {
            await Task.Delay(random.Next(80));
            _cut ??= "at a moment";
            _disk.Cut();
        }

        await Task.WhenAll(all);
        return await EndAsync(work => new Crowd(work).WorkAsync(0, new Random(1)), true);
    }

    public async ValueTask DisposeAsync()
    {
        _work.Host.Dispose();
        await _disk.DisposeAsync();
    }

    private void Begin()
    {
        _violations.Clear();
        _cut = null;
        _faults.Count();
    }

    private async Task<bool> FailAsync(StoreOperation operation, int step)
    {
        _faults.FailAt(step, LibC.EIO);
        return !await TryAsync(() => operation.Act(_work));
    }

    private async Task<bool> CrashAsync(StoreOperation operation, int step)
    {
        _faults.CrashAt(step);
        var crash = await Record.ExceptionAsync(() => operation.Act(_work));
        if (crash is not null and not CrashException)
            _violations.Add($"not a crash, but {crash}");
        await RestartAsync();
        return crash is not null;
    }

    private async Task<CutResult> EndAsync(Func<StoreWork, Task> again, bool reached)
    {
        _cut ??= AfterAcknowledgement;
        _disk.Cut();
        _isActing = false;
        _work.Host.Dispose();
        await _disk.RestoreAsync();
        await RestartAsync();
        if (_violations.Count == 0 && !await TryAsync(() => again(_work)))
            _violations.Add($"the same thing fails after the cut: {_error}");
        return new CutResult(_cut, reached, [.. _violations]);
    }

    private async Task RestartAsync()
    {
        _work.Host.Dispose();
        _faults.Count();
        try
        {
            _work = Open();
            _violations.AddRange(await StoreCheck.RunAsync(_work.Host, _ledger));
        }
        catch (PortException e)
        {
            _violations.Add($"no start: {e.Message}");
        }
    }

    private StoreWork Open() => new(
        StoreWork.Open(
            Path.Combine(_disk.Folder, "store"), _driver, _disk.Files(_faults, _forget)),
        _ledger,
        _contents);

    private void CutBefore(string step)
    {
        _cut ??= step;
        _disk.Cut();
        _disk.Refuse(step);
    }

    /// <summary>Whether it was acknowledged; a failure must be of the kind that ports have.
    /// </summary>
    private async Task<bool> TryAsync(Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (PortException e)
        {
            _error = e.Message;
            return false;
        }
        catch (Exception e)
        {
            lock (_violations)
                _violations.Add($"an error of no port's: {e}");
            return false;
        }
    }
}

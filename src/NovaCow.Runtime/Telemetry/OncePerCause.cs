using System.Text.RegularExpressions;

namespace NovaCow.Runtime.Telemetry;

/// <summary>
/// Says which failures are worth a line in the log: each cause once, and again when it lasts. What
/// others can make up is bounded: when too many causes are known, further ones are not told.
/// Safe to use from any thread.
/// </summary>
/// <param name="time">The clock.</param>
public sealed partial class OncePerCause(TimeProvider time)
{
    private const int MaxCauses = 1_000;
    private static readonly TimeSpan SaidAgainAfter = TimeSpan.FromHours(1);

    private readonly Dictionary<string, long> _saidAt = [];

    /// <summary>Whether a cause has not been told lately.</summary>
    /// <param name="cause">In words; times of day in it do not make it another one.</param>
    public bool IsNew(string cause)
    {
        var key = TimeOfDay().Replace(cause, "");
        lock (_saidAt)
        {
            if (_saidAt.TryGetValue(key, out var said)
                && time.GetElapsedTime(said) < SaidAgainAfter)
            {
                return false;
            }

            if (_saidAt.Count >= MaxCauses)
                ForgetOld();
            if (_saidAt.Count >= MaxCauses)
                return false;
            _saidAt[key] = time.GetTimestamp();
            return true;
        }
    }

    /// <summary>All is well again: what comes next is news.</summary>
    public void Clear()
    {
        lock (_saidAt)
            _saidAt.Clear();
    }

    private void ForgetOld()
    {
        foreach (var (key, said) in _saidAt)
        {
            if (time.GetElapsedTime(said) >= SaidAgainAfter)
                _saidAt.Remove(key);
        }
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\d[ T][\d:.]+Z?", RegexOptions.None, 1_000)]
    private static partial Regex TimeOfDay();
}

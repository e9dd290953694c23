using System.Diagnostics;
using System.Globalization;

namespace NovaCow.Nemesis;

/// <summary>What was done and heard in a run, with the time since its start.</summary>
internal sealed class Timeline
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<(TimeSpan At, string What)> _entries = [];

    public TimeSpan Now => _clock.Elapsed;

    public void Note(string what)
    {
        lock (_entries)
            _entries.Add((Now, what));
    }

    public override string ToString()
    {
        lock (_entries)
        {
            return string.Join('\n', _entries.Select(e => string.Create(
                CultureInfo.InvariantCulture, $"  {e.At.TotalSeconds,6:F2} s  {e.What}")));
        }
    }
}

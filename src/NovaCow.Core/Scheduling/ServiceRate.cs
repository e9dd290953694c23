namespace NovaCow.Core.Scheduling;

/// <summary>How many launches were placed of late, to say when others may be; a guess, kept for
/// two windows of time.</summary>
internal sealed class ServiceRate
{
    private const int UnknownSeconds = 5;
    private const int MaxSeconds = 60;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private DateTimeOffset _begin;
    private int _now;
    private int _before;

    /// <summary>One was placed.</summary>
    public void Count(DateTimeOffset at)
    {
        Turn(at);
        _now++;
    }

    /// <summary>Whole seconds until so many more were placed: 1 to 60.</summary>
    public int SecondsFor(int launches, DateTimeOffset at)
    {
        Turn(at);
        var (served, seconds) = (_now + _before, (at - _begin + Window).TotalSeconds);
        return served == 0
            ? UnknownSeconds
            : (int)Math.Clamp(Math.Ceiling(launches * seconds / served), 1, MaxSeconds);
    }

    private void Turn(DateTimeOffset at)
    {
        var passed = at - _begin;
        if (passed < Window)
            return;
        _before = passed < Window + Window ? _now : 0;
        _now = 0;
        _begin = at;
    }
}

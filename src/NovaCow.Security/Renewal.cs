namespace NovaCow.Security;

/// <summary>When a certificate is renewed. Pure.</summary>
public static class Renewal
{
    private static readonly TimeSpan MinPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromHours(1);

    /// <summary>Whether less than a third of its life is left.</summary>
    public static bool IsDue(DateTimeOffset from, DateTimeOffset until, DateTimeOffset now) =>
        until - now < (until - from) / 3;

    /// <summary>How soon it is looked at again: often enough to try several times.</summary>
    public static TimeSpan Pause(DateTimeOffset from, DateTimeOffset until)
    {
        var pause = (until - from) / 60;
        return pause < MinPause ? MinPause : pause > MaxPause ? MaxPause : pause;
    }
}

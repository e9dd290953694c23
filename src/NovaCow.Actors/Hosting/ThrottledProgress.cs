namespace NovaCow.Actors.Hosting;

/// <summary>Passes progress on at most so often; what comes in between is dropped. Called from any
/// thread, and never waits.</summary>
internal sealed class ThrottledProgress<T>(TimeProvider time, TimeSpan every, Action<T> report)
    : IProgress<T>
{
    private long _next;

    public void Report(T value)
    {
        var now = time.GetTimestamp();
        var next = Interlocked.Read(ref _next);
        var pause = (long)(every.TotalSeconds * time.TimestampFrequency);
        if (now >= next && Interlocked.CompareExchange(ref _next, now + pause, next) == next)
            report(value);
    }
}

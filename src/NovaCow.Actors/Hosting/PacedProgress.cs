using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Hosting;

/// <summary>Slows who reports to a rate, by keeping the reporting thread, and passes on how far it
/// is. Only for work that is done away from the actors' threads.</summary>
internal sealed class PacedProgress(
    TimeProvider time, long bytesPerSecond, IProgress<long> next, CancellationToken token)
    : IProgress<long>
{
    private const long BurstBytes = 1 << 20;

    private readonly TokenBucket _bucket = new(bytesPerSecond, BurstBytes);
    private readonly long _begunAt = time.GetTimestamp();
    private long _last;

    public void Report(long value)
    {
        var pause = _bucket.Take(value - _last, time.GetElapsedTime(_begunAt));
        _last = value;
        next.Report(value);
        if (pause > TimeSpan.Zero)
            token.WaitHandle.WaitOne(pause);
    }
}

using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>Thins progress out to a few reports a second.</summary>
internal sealed class FetchProgressGauge(IProgress<FetchProgress>? progress, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private long? _reported;

    public void Report(long receivedBytes, long? totalBytes)
    {
        var now = time.GetTimestamp();
        var whole = receivedBytes == totalBytes;
        if (progress is null
            || (!whole && _reported is { } last && time.GetElapsedTime(last, now) < Interval))
        {
            return;
        }

        _reported = now;
        progress.Report(new FetchProgress(receivedBytes, totalBytes));
    }
}

namespace NovaCow.Runtime.Cluster;

/// <summary>
/// A clock that never goes back and counts the time that the machine slept. The monotonic clock
/// stands still while a machine is suspended, and the wall clock can be set back: each reading
/// advances by the greater of the two.
/// </summary>
internal sealed class LeaseClock(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _timestamp = time.GetTimestamp();
    private DateTimeOffset _wall = time.GetUtcNow();
    private TimeSpan _now;

    public TimeSpan Now
    {
        get
        {
            lock (_gate)
            {
                var (timestamp, wall) = (time.GetTimestamp(), time.GetUtcNow());
                var ticked = time.GetElapsedTime(_timestamp, timestamp);
                var passed = wall - _wall;
                (_timestamp, _wall) = (timestamp, wall);
                return _now += passed > ticked ? passed : ticked;
            }
        }
    }
}

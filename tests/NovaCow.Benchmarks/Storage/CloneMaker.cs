using System.Diagnostics;
using NovaCow.Core;

namespace NovaCow.Benchmarks.Storage;

/// <summary>Makes root disks in one way, each for an instance of its own, so many at a time.
/// </summary>
/// <param name="prefix">What the instances' ids begin with.</param>
/// <param name="make">Makes the disk of an instance.</param>
internal sealed class CloneMaker(string prefix, Func<InstanceId, Task<InstanceDisk>> make)
{
    private int _next;

    /// <summary>Clones a second over this many; each of them is given to
    /// <paramref name="then"/>.</summary>
    public async Task<double> MeasureAsync(
        int count, int width, Func<InstanceId, InstanceDisk, Task>? then = null)
    {
        var last = _next + count;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, width).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref _next)) <= last;)
            {
                var id = InstanceId.Parse($"{prefix}-{i}");
                var disk = await make(id);
                if (then is not null)
                    await then(id, disk);
            }
        })));
        _next = last;
        return count / clock.Elapsed.TotalSeconds;
    }
}

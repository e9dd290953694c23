using System.Diagnostics;
using NovaCow.Core;

namespace NovaCow.Benchmarks.Storage;

/// <summary>Makes clones of one base, each for an instance of its own, so many at a time.</summary>
internal sealed class CloneMaker(IVolumeDriver driver, IHostStore store, BaseKey key)
{
    private const long DiskBytes = 10L << 30;
    private int _next;

    /// <summary>Clones a second over this many; with the instances' records if that is asked.
    /// </summary>
    public async Task<double> MeasureAsync(int count, int width, bool withRecord)
    {
        var last = _next + count;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, width).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref _next)) <= last;)
                await MakeAsync(InstanceId.Parse($"vm-{i}"), withRecord);
        })));
        _next = last;
        return count / clock.Elapsed.TotalSeconds;
    }

    private async Task MakeAsync(InstanceId id, bool withRecord)
    {
        var request = new CloneRequest(id, DiskName.Root, key, DiskBytes);
        var disk = await driver.EnsureDiskAsync(request, CancellationToken.None);
        if (!disk.Created)
            throw new InvalidOperationException($"{id} was there: the figure would be false");
        if (!withRecord)
            return;
        await store.SaveInstanceAsync(Record(id, disk.Value), CancellationToken.None);
    }

    private static InstanceRecord Record(InstanceId id, InstanceDisk disk) => new()
    {
        Id = id,
        Fence = new LaunchFence(1, 1),
        Image = ImageName.Parse("bench"),
        Flavor = new Flavor
        {
            Name = FlavorName.Parse("m1.bench"),
            VCpus = 1,
            MemoryBytes = 1L << 30,
            RootDiskBytes = DiskBytes,
        },
        Disks = [disk],
        PreparedAt = DateTimeOffset.UnixEpoch,
    };
}

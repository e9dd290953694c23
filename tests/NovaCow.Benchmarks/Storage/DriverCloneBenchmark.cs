using NovaCow.Core;
using NovaCow.Storage.Tests;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// Durable clones a second by one driver of files alone, 1 and 64 at a time, on file systems of its
/// own, beside the usual tool in the same store, in turns.
/// </summary>
internal static class DriverCloneBenchmark
{
    private const int Rounds = 5;
    private const long MiB = 1 << 20;
    private const long DataBytes = 64 * MiB;
    private const long DiskBytes = 10L << 30;

    public static async Task RunAsync(string driver)
    {
        LoopFileSystem[] kinds = driver == DriverName.Reflink
            ? [LoopFileSystem.Xfs, LoopFileSystem.Btrfs]
            : [LoopFileSystem.Ext4, LoopFileSystem.Xfs, LoopFileSystem.Btrfs];
        foreach (var kind in kinds)
        {
            await using var mount = await BenchmarkMount.TryMakeAsync(kind);
            if (mount is not null)
                await MeasureAsync(mount, driver);
        }
    }

    private static async Task MeasureAsync(BenchmarkMount mount, string name)
    {
        var driver = mount.Driver(name);
        var volume = await mount.BaseAsync(driver, DataBytes);
        var file = $"{mount.Store.Root}/bases/{volume.Key}/base.raw";
        var peer = ToolPeer.Of(name, file, $"{mount.Path}/peer");
        List<InstanceId> made = [];
        var maker = new CloneMaker(name, async id =>
        {
            lock (made)
                made.Add(id);
            var request = new CloneRequest(id, DiskName.Root, volume.Key, DiskBytes);
            return (await driver.EnsureDiskAsync(request, null, CancellationToken.None)).Value;
        });
        foreach (var width in (int[])[1, 64])
        {
            List<(double Clones, double Peer)> rounds = [];
            for (var i = 0; i < Rounds; i++)
            {
                var count = (name == DriverName.Copy ? 4 : 200) * (width == 1 ? 1 : 8);
                var clones = await maker.MeasureAsync(count, width);
                await ClearAsync(driver, made);
                rounds.Add((clones, peer.Measure(Math.Max(count / 4, 4), width)));
                peer.Clear();
            }

            Print(mount.Kind, width, (name, peer.Name), rounds);
        }
    }

    private static async Task ClearAsync(IVolumeDriver driver, List<InstanceId> made)
    {
        foreach (var id in made)
            await driver.DeleteDiskAsync(id, DiskName.Root, CancellationToken.None);
        made.Clear();
    }

    private static void Print(
        string kind,
        int width,
        (string Driver, string Peer) names,
        List<(double Clones, double Peer)> rounds)
    {
        Console.WriteLine(
            $"{kind,-6} {width,2} at a time: {names.Driver} {Median(r => r.Clones):F0} durable "
                + $"clones/s, {names.Peer} unsynced {Median(r => r.Peer):F0}/s: "
                + $"{Median(r => r.Clones / r.Peer):F1} x (median of {rounds.Count} rounds)");

        double Median(Func<(double Clones, double Peer), double> value) =>
            rounds.Select(value).Order().ElementAt(rounds.Count / 2);
    }
}

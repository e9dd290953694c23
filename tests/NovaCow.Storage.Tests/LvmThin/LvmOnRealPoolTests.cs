using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>
/// The whole suite on a thin pool of the kernel's, which <c>NOVACOW_TEST_THIN_POOL</c> names as
/// GROUP/POOL: no test makes one, as its host's own disks might come to harm.
/// <c>tests/lvm-in-guest.sh</c> runs it where that is certain not to happen.
/// </summary>
public sealed class LvmOnRealPoolTests : LvmConformance
{
    private readonly LvmThinOptions _options = RealPool.Need();

    private protected override LvmThinOptions Options => _options;

    /// <summary>Fewer: in a guest each takes a second.</summary>
    private protected override int AtOnce => 16;

    private protected override IDisposable Hold(InstanceDisk disk) => File.OpenRead(disk.Path);

    public override void Dispose()
    {
        base.Dispose();
        string[] ours =
        [
            .. Report(_options).Volumes.Where(v => v.Tags.Contains("novacow"))
                .Select(v => Full(v.Name)),
        ];
        if (ours.Length > 0)
            Run(_options, ["lvremove", "-y", "-f", .. ours]);
    }
}

/// <summary>A thin pool for tests.</summary>
internal static class RealPool
{
    /// <summary>The pool that the environment names; else skips the test.</summary>
    public static LvmThinOptions Need()
    {
        using var control = BlockDevice.TryOpen("/dev/mapper/control", LibC.O_RDWR, out _);
        if (control is null)
            Assert.Skip("no device mapper");
        var name = Environment.GetEnvironmentVariable("NOVACOW_TEST_THIN_POOL");
        if (name?.Split('/') is not [var group, var pool])
        {
            Assert.Skip("no thin pool for tests: NOVACOW_TEST_THIN_POOL names none");
            throw new InvalidOperationException("skipped");
        }

        return new LvmThinOptions { VolumeGroup = group, ThinPool = pool };
    }
}

using NovaCow.Core;

namespace NovaCow.Storage.Tests;

public sealed class CopyDriverTests() : CopyConformance(null)
{
    private protected override long LargestDiskBytes =>
        new DriveInfo(Path.GetTempPath()).DriveFormat == "ext4" ? 16L << 40 : long.MaxValue;
}

public sealed class CopyOnXfsTests(XfsFixture xfs)
    : CopyConformance(xfs.Path), IClassFixture<XfsFixture>
{
    private protected override LoopFileSystem SmallFileSystem => LoopFileSystem.Xfs;
}

public sealed class CopyOnBtrfsTests(BtrfsFixture btrfs)
    : CopyConformance(btrfs.Path), IClassFixture<BtrfsFixture>
{
    private protected override LoopFileSystem SmallFileSystem => LoopFileSystem.MixedBtrfs;
}

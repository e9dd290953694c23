using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

public sealed class ReflinkOnXfsTests(XfsFixture xfs)
    : ReflinkConformance(xfs.Path), IClassFixture<XfsFixture>
{
    private protected override LoopFileSystem SmallFileSystem => LoopFileSystem.Xfs;
}

public sealed class ReflinkOnBtrfsTests(BtrfsFixture btrfs)
    : ReflinkConformance(btrfs.Path), IClassFixture<BtrfsFixture>
{
    private protected override LoopFileSystem SmallFileSystem => LoopFileSystem.MixedBtrfs;
}

public sealed class ReflinkEachStepTests(XfsFixture xfs)
    : EachStepTests(xfs.Path), IClassFixture<XfsFixture>
{
    private protected override IVolumeDriver Create(HostStore store) =>
        new ReflinkVolumeDriver(store, new ImageInspector());
}

using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>The whole suite everywhere, without root: see fake-lvm.sh.</summary>
public sealed class LvmOnFakePoolTests : LvmConformance
{
    private readonly FakePool _pool = new();

    private protected override LvmThinOptions Options => _pool.Options;

    private protected override IDisposable Hold(InstanceDisk disk)
    {
        _pool.SetOpen(Path.GetFileName(disk.Path), isOpen: true);
        return new Held(_pool, Path.GetFileName(disk.Path));
    }

    public override void Dispose()
    {
        base.Dispose();
        _pool.Dispose();
    }

    private sealed record Held(FakePool Pool, string Volume) : IDisposable
    {
        public void Dispose() => Pool.SetOpen(Volume, isOpen: false);
    }
}

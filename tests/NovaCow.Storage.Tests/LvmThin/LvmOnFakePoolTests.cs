namespace NovaCow.Storage.Tests;

/// <summary>The whole suite everywhere, without root: see fake-lvm.sh.</summary>
public sealed class LvmOnFakePoolTests : LvmConformance
{
    private readonly FakePool _pool = new();

    private protected override LvmThinOptions Options => _pool.Options;

    public override void Dispose()
    {
        base.Dispose();
        _pool.Dispose();
    }
}

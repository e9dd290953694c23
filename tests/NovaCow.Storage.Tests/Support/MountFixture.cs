namespace NovaCow.Storage.Tests;

/// <summary>A mounted file system for the tests of one class; where none can be made, each of them
/// is skipped with the reason.</summary>
public abstract class MountFixture : IAsyncLifetime
{
    private readonly LoopFileSystem _kind;
    private readonly string? _whyNot;
    private LoopMount? _mount;

    private protected MountFixture(LoopFileSystem kind) =>
        (_kind, _whyNot) = (kind, LoopMount.WhyNot(kind));

    /// <summary>Where it is mounted; skips the test when it is not.</summary>
    public string Path
    {
        get
        {
            if (_mount is null)
                Assert.Skip($"no {_kind.Name} here: {_whyNot}");
            return _mount.Path;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (_whyNot is null)
            _mount = await LoopMount.MakeAsync(_kind);
    }

    public async ValueTask DisposeAsync()
    {
        if (_mount is not null)
            await _mount.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>XFS that can share blocks.</summary>
public sealed class XfsFixture() : MountFixture(LoopFileSystem.Xfs);

/// <summary>btrfs.</summary>
public sealed class BtrfsFixture() : MountFixture(LoopFileSystem.Btrfs);

/// <summary>ext4, which cannot share blocks.</summary>
public sealed class Ext4Fixture() : MountFixture(LoopFileSystem.Ext4);

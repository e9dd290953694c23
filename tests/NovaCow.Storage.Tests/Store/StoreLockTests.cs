using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>How long a store that is held is waited for: who is killed while it starts a process
/// leaves its lock with that, which on a busy machine does not begin at once.</summary>
public sealed class StoreLockTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly StoreFiles _files = new();
    private TimeSpan _waited;

    private StoreLayout Layout => new(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_store_that_its_killed_holder_held_for_a_second_more_is_taken()
    {
        using var left = Hold();
        using var taken = StoreLock.Take(_files, Layout, pause =>
        {
            _waited += pause;
            if (_waited >= TimeSpan.FromSeconds(1))
                left.Dispose();
        });
        Assert.InRange(_waited, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void A_store_that_is_in_use_is_refused_soon()
    {
        using var other = Hold();
        var error = Assert.Throws<PortException>(
            () => StoreLock.Take(_files, Layout, pause => _waited += pause));
        Assert.Contains("holds it", error.Message);
        Assert.InRange(_waited, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4));
    }

    /// <summary>The lock's file, opened and locked as by another process.</summary>
    private SafeFileHandle Hold()
    {
        var file = _files.TryCreate(Layout.Lock)!;
        Assert.Equal(0, LibC.flock(file, LibC.LOCK_EX | LibC.LOCK_NB));
        return file;
    }
}

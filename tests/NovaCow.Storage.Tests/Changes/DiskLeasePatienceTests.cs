using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>How long a disk that is in use is waited for: a process that is being started holds
/// copies of all that is open, and on a busy machine it does not begin at once.</summary>
public sealed class DiskLeasePatienceTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private TimeSpan _waited;

    private string Disk => _folder.File("disk");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_disk_that_is_held_for_a_second_is_taken()
    {
        File.WriteAllBytes(Disk, new byte[4096]);
        using var copy = Open();
        using var lease = DiskLease.Take(Open(), Disk, isWritable: false, pause =>
        {
            _waited += pause;
            if (_waited >= TimeSpan.FromSeconds(1))
                copy.Dispose();
        });
        lease.Check();
        Assert.InRange(_waited, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void A_disk_that_stays_in_use_is_refused_soon()
    {
        File.WriteAllBytes(Disk, new byte[4096]);
        using var guest = Open();
        var error = Assert.Throws<PortException>(
            () => DiskLease.Take(Open(), Disk, isWritable: false, pause => _waited += pause));
        Assert.Contains("in use", error.Message);
        Assert.InRange(_waited, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4));
    }

    private SafeFileHandle Open() => File.OpenHandle(
        Disk, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}

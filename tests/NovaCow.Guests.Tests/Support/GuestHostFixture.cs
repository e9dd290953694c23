using NovaCow.Core;
using NovaCow.Storage.Tests;
using NovaCow.Testing.Guests;

namespace NovaCow.Guests.Tests;

/// <summary>A place for the stores of one class, and the image; where guests or the file system
/// that the driver needs cannot be had, each test is skipped with the reason.</summary>
public abstract class GuestHostFixture : IAsyncLifetime
{
    private const long MountBytes = 6L << 30;
    private readonly string _driver;
    private readonly string? _whyNot;
    private LoopMount? _mount;
    private TempFolder? _folder;
    private GuestImage? _image;
    private GuestHost? _host;

    private protected GuestHostFixture(string driver)
    {
        _driver = driver;
        _whyNot = GuestImage.WhyNot
            ?? (driver == DriverName.Reflink ? LoopMount.WhyNot(LoopFileSystem.Xfs) : null);
    }

    /// <summary>The host whose store the tests of the class share, to make bases once.</summary>
    internal GuestHost Host => _host ??= NewHost();

    /// <summary>A folder of the test's own, where hosts and files may be.</summary>
    internal string NewFolder() => Directory.CreateDirectory(
        Path.Combine(Root, Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>A host of a test's own.</summary>
    internal GuestHost NewHost(string? folder = null)
    {
        folder ??= NewFolder();
        return new GuestHost(folder, _driver, _image!);
    }

    private string Root
    {
        get
        {
            if (_whyNot is not null)
                Assert.Skip($"no guests over {_driver} here: {_whyNot}");
            return _folder!.Path;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (_whyNot is not null)
            return;
        _image = await GuestImage.GetAsync();
        if (_driver == DriverName.Reflink)
            _mount = await LoopMount.MakeAsync(LoopFileSystem.Xfs, MountBytes);
        _folder = new TempFolder(_mount?.Path);
    }

    public async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        _folder?.Dispose();
        if (_mount is not null)
            await _mount.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>Overlays.</summary>
public sealed class Qcow2Host() : GuestHostFixture(DriverName.Qcow2);

/// <summary>Shared blocks, on XFS.</summary>
public sealed class ReflinkHost() : GuestHostFixture(DriverName.Reflink);

/// <summary>Full copies.</summary>
public sealed class CopyHost() : GuestHostFixture(DriverName.Copy);

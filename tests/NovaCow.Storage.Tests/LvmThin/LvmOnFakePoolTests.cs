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

    [Fact]
    public async Task A_base_that_differs_is_not_cloned_is_remembered_and_is_made_again()
    {
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"));
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        await host.CommitAsync(volume, "vm-1");
        await using (var device = File.OpenWrite(BaseFile(host, volume)))
            device.WriteByte(0xA5);
        var problem = await host.Driver.VerifyBaseAsync(volume.Key, null, default);
        Assert.Contains("differs", problem);

        host = Restart(host);
        var found = await host.Driver.ListAsync(default);
        Assert.Equal(problem, found.Damaged[volume.Key]);
        Assert.Contains(InstanceId.Parse("vm-1"), found.Disks.Keys);
        var error = await Assert.ThrowsAsync<PortException>(() => host.CloneAsync(volume, "vm-2"));
        Assert.Equal(LaunchErrorCode.DamagedBase, error.Error.Code);

        await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        Assert.Null(await host.Driver.VerifyBaseAsync(volume.Key, null, default));
        await host.CloneAsync(volume, "vm-2");
        Assert.Empty((await Restart(host).Driver.ListAsync(default)).Damaged);
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

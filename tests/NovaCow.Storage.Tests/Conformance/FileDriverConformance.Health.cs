using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Bases that are not what they were: found, not served, and made again in place.</summary>
public abstract partial class FileDriverConformance
{
    private const UnixFileMode OwnersOwn = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task A_base_that_nobody_changed_is_verified_again_and_again()
    {
        TestTool.Need("qemu-img", "mkfs.ext4");
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"));
        BaseVolume[] volumes =
        [
            await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB),
            await host.ImageAsync(
                await TestImages.ConvertAsync(raw, "qcow2"), DiskFormat.Qcow2, 4 * MiB),
            await host.BlankAsync(64 * MiB, BlankFileSystem.Ext4),
            await host.BlankAsync(1L << 40),
        ];
        foreach (var volume in volumes.Concat(volumes))
            Assert.Null(await host.Driver.VerifyBaseAsync(volume.Key, null, default));

        var found = await Restart(host).Driver.ListAsync(default);
        Assert.Equal(4, found.Bases.Count);
        Assert.Empty(found.Damaged);
        Assert.Empty(found.Unsealed);
    }

    [Fact]
    public async Task A_base_whose_digest_nobody_knows_is_listed_so_until_it_is_verified()
    {
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"));
        await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        var blank = await host.BlankAsync(MiB);

        host = Restart(host);
        Assert.Equal([blank.Key], (await host.Driver.ListAsync(default)).Unsealed);
        Assert.Null(await host.Driver.VerifyBaseAsync(blank.Key, null, default));
        Assert.Empty((await Restart(host).Driver.ListAsync(default)).Unsealed);
    }

    [Theory]
    [InlineData(DiskFormat.Raw)]
    [InlineData(DiskFormat.Qcow2)]
    public async Task A_flipped_byte_is_found_remembered_and_made_good_in_place(DiskFormat format)
    {
        TestTool.Need("qemu-img");
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"));
        var given = format == DiskFormat.Raw ? raw : await TestImages.ConvertAsync(raw, "qcow2");
        var volume = await host.ImageAsync(given, format, 4 * MiB);
        Assert.Null(await host.Driver.VerifyBaseAsync(volume.Key, null, default));
        var disk = await host.CommitAsync(volume, "vm-1");
        Flip(BaseFile(host, volume), at: (3 * MiB) + 5);

        var problem = await host.Driver.VerifyBaseAsync(volume.Key, null, default);
        Assert.Contains("differs", problem);
        await NotServedAsync(host, volume);
        host = Restart(host);
        var found = await host.Driver.ListAsync(default);
        Assert.Equal(problem, found.Damaged[volume.Key]);
        Assert.Contains(InstanceId.Parse("vm-1"), found.Disks.Keys);
        await NotServedAsync(host, volume);

        await host.ImageAsync(given, format, 4 * MiB);
        Assert.Null(await host.Driver.VerifyBaseAsync(volume.Key, null, default));
        await host.CloneAsync(volume, "vm-2");
        await TestTool.RunAsync(
            "qemu-img", "compare", "-f", "raw", "-F", disk.Format, raw, disk.Path);
        found = await Restart(host).Driver.ListAsync(default);
        Assert.Empty(found.Damaged);
        Assert.Empty(found.Unsealed);
    }

    [Theory]
    [InlineData("size")]
    [InlineData("mode")]
    [InlineData("gone")]
    public async Task What_one_look_shows_to_be_wrong_is_neither_cloned_nor_served(string what)
    {
        var host = Start();
        var volume = await host.BlankAsync(MiB);
        var file = BaseFile(host, volume);
        await host.CommitAsync(volume, "vm-1");
        if (what == "gone")
            File.Delete(file);
        else
            File.SetUnixFileMode(file, OwnersOwn);
        if (what == "size")
            File.WriteAllText(file, "short");

        await NotServedAsync(host, volume);
        host = Restart(host);
        var found = await host.Driver.ListAsync(default);
        Assert.Equal([volume.Key], found.Damaged.Keys);
        Assert.Contains(InstanceId.Parse("vm-1"), found.Disks.Keys);

        // Nothing says what a blank disk's bytes were that was never sealed.
        var error = await Assert.ThrowsAsync<PortException>(() => host.BlankAsync(MiB));
        Assert.Equal(
            (LaunchErrorCode.DamagedBase, false), (error.Error.Code, error.Error.IsRetryable));
        await host.Driver.DeleteBaseAsync(volume.Key, default);
        await host.BlankAsync(MiB);
        await host.CloneAsync(volume, "vm-2");
    }

    [Fact]
    public async Task A_base_whose_record_cannot_be_read_is_made_again()
    {
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"));
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        var record = Path.Combine(Path.GetDirectoryName(BaseFile(host, volume))!, "base.json");
        File.SetUnixFileMode(record, OwnersOwn);
        File.WriteAllText(record, "{");

        host = Restart(host);
        Assert.Empty((await host.Driver.ListAsync(default)).Bases);
        await host.ImageAsync(raw, DiskFormat.Raw, 4 * MiB);
        Assert.Single((await Restart(host).Driver.ListAsync(default)).Bases);
    }

    [Fact]
    public async Task A_replacement_with_other_bytes_is_refused_while_the_damaged_one_is_there()
    {
        TestTool.Need("mkfs.xfs");
        var host = Start();
        var volume = await host.BlankAsync(320 * MiB, BlankFileSystem.Xfs);
        Assert.Null(await host.Driver.VerifyBaseAsync(volume.Key, null, default));
        Flip(BaseFile(host, volume), at: 5);
        Assert.NotNull(await host.Driver.VerifyBaseAsync(volume.Key, null, default));

        // This file system writes the time of its making into itself.
        var error = await Assert.ThrowsAsync<PortException>(
            () => host.BlankAsync(320 * MiB, BlankFileSystem.Xfs));
        Assert.Equal(LaunchErrorCode.DamagedBase, error.Error.Code);
        Assert.Contains("delete the instances", error.Message);
        Assert.Single(host.Leftovers());
    }

    [Fact]
    public async Task Verification_reads_no_holes_tells_how_far_it_is_and_can_be_given_up()
    {
        var host = Start();
        var raw = TestImages.Raw(_folder.File("disk"), 64 * MiB);
        var volume = await host.ImageAsync(raw, DiskFormat.Raw, 64 * MiB);
        List<long> told = [];
        await host.Driver.VerifyBaseAsync(volume.Key, new Tell(told.Add), default);
        Assert.Equal(told.Order(), told);
        Assert.InRange(told[^1], 2 * MiB, 8 * MiB);

        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Driver.VerifyBaseAsync(
            volume.Key, new Tell(_ => cancel.Cancel()), cancel.Token));
        Assert.Null(await host.Driver.VerifyBaseAsync(volume.Key, null, default));
    }

    private static async Task NotServedAsync(DriverHost host, BaseVolume volume)
    {
        var error = await Assert.ThrowsAsync<PortException>(() => host.CloneAsync(volume, "vm-9"));
        Assert.Equal(LaunchErrorCode.DamagedBase, error.Error.Code);
        Assert.Contains(volume.Key.Value, error.Message);
    }

    /// <summary>Changes one byte behind everybody's back, and leaves no trace of it in the mode.
    /// </summary>
    private static void Flip(string file, long at)
    {
        File.SetUnixFileMode(file, OwnersOwn);
        using (var stream = File.Open(file, FileMode.Open))
        {
            stream.Position = at;
            var old = stream.ReadByte();
            stream.Position = at;
            stream.WriteByte((byte)(old ^ 1));
        }

        File.SetUnixFileMode(file, UnixFileMode.UserRead);
    }

    private sealed class Tell(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}

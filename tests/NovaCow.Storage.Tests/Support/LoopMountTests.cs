namespace NovaCow.Storage.Tests;

public sealed class LoopMountTests
{
    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    [InlineData("ext4")]
    public async Task A_file_system_of_our_own_keeps_its_files_while_unmounted_and_leaves_nothing(
        string name)
    {
        var kind = new[] { LoopFileSystem.Xfs, LoopFileSystem.Btrfs, LoopFileSystem.Ext4 }
            .Single(k => k.Name == name);
        if (LoopMount.WhyNot(kind) is { } reason)
            Assert.Skip(reason);
        string path;
        await using (var mount = await LoopMount.MakeAsync(kind))
        {
            path = mount.Path;
            Assert.Contains(
                $" {path} {name} ", await File.ReadAllTextAsync("/proc/self/mounts", default));
            var file = Path.Combine(path, "kept");
            File.WriteAllText(file, "kept");
            await mount.UnmountAsync();
            Assert.False(File.Exists(file));
            await mount.MountAsync();
            Assert.Equal("kept", File.ReadAllText(file));
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(path)));
        Assert.DoesNotContain(
            Path.GetDirectoryName(path)!,
            await TestTool.RunAsync("losetup", "-a"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_just_being_made_is_not_taken_for_a_leftover()
    {
        using var enough = new CancellationTokenSource();
        var sweeping = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
                await LoopMount.SweepAsync();
        });
        for (var i = 0; i < 3_000; i++)
        {
            var folder = Path.Combine(Path.GetTempPath(), $"novacow-loop-{Guid.NewGuid():N}");
            await using (LoopMount.Hold(folder))
                Assert.True(File.Exists(folder + ".lock"), "it was swept away");
            File.Delete(folder + ".lock");
        }

        await enough.CancelAsync();
        await sweeping;
    }

    [Fact]
    public async Task What_a_killed_run_left_mounted_is_removed_and_what_is_in_use_is_not()
    {
        if (LoopMount.WhyNot(LoopFileSystem.Ext4) is { } reason)
            Assert.Skip(reason);
        await using var used = await LoopMount.MakeAsync(LoopFileSystem.Ext4);
        var left = await LoopMount.MakeAsync(LoopFileSystem.Ext4);
        left.Abandon();
        await LoopMount.SweepAsync();
        var mounts = await File.ReadAllTextAsync("/proc/self/mounts", default);
        Assert.Contains(used.Path, mounts, StringComparison.Ordinal);
        Assert.DoesNotContain(left.Path, mounts, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.GetDirectoryName(left.Path)));
    }
}

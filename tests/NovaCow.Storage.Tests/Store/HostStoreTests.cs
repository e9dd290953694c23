using System.Text.Json;
using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Storage.Tests;

public sealed class HostStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Root => _folder.File("store");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_store_that_is_held_names_its_holder()
    {
        using var held = HostStore.Open(Root);
        var error = Assert.Throws<PortException>(() => HostStore.Open(Root));
        Assert.Contains(Root, error.Message);
        Assert.Contains($"process {Environment.ProcessId}", error.Message);
        Assert.False(error.Error.IsRetryable);
    }

    [Fact]
    public void A_store_that_was_let_go_can_be_opened_again()
    {
        HostStore.Open(Root).Dispose();
        using var again = HostStore.Open(Root);
        Assert.Equal(Root, again.Root);
    }

    [Fact]
    public void A_download_that_broke_off_long_ago_is_removed_and_a_new_one_is_kept()
    {
        HostStore.Open(Root).Dispose();
        var old = Path.Combine(Root, "incoming", "sha256-old.part");
        var late = Path.Combine(Root, "incoming", "sha256-late.part");
        File.WriteAllText(old, "x");
        File.WriteAllText(late, "x");
        File.SetLastWriteTimeUtc(old, File.GetLastWriteTimeUtc(late) - TimeSpan.FromHours(2));

        using var store = HostStore.Open(Root);

        Assert.False(File.Exists(old));
        Assert.True(File.Exists(late));
    }

    [Fact]
    public void Its_directories_and_files_are_for_its_owner_alone()
    {
        using var store = HostStore.Open(Root);
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite
            | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite
            | UnixFileMode.OtherExecute;
        string[] all =
            [Root, .. Directory.GetFileSystemEntries(Root, "*", SearchOption.AllDirectories)];
        Assert.All(all, path => Assert.Equal(default, File.GetUnixFileMode(path) & others));
        Assert.Equal(7, all.Length);
    }

    [Theory]
    [InlineData("""{"format":2}""", "format 2")]
    [InlineData("""{"format":0}""", "format 0")]
    [InlineData("nonsense", "store.json")]
    [InlineData("", "store.json")]
    public void A_store_of_another_format_is_refused(string json, string said)
    {
        HostStore.Open(Root).Dispose();
        File.WriteAllText(Path.Combine(Root, "store.json"), json);
        var error = Assert.Throws<PortException>(() => HostStore.Open(Root));
        Assert.Contains(said, error.Message);
        Assert.Contains(Root, error.Message);
        File.WriteAllText(Path.Combine(Root, "store.json"), """{"format":1,"later":true}""");
        HostStore.Open(Root).Dispose();
    }

    [Fact]
    public void A_directory_with_other_things_in_it_is_refused()
    {
        Directory.CreateDirectory(Root);
        File.WriteAllText(Path.Combine(Root, "thesis.txt"), "mine");
        var error = Assert.Throws<PortException>(() => HostStore.Open(Root));
        Assert.Contains("thesis.txt", error.Message);
    }

    [Fact]
    public void A_directory_that_others_may_write_to_is_refused()
    {
        Directory.CreateDirectory(Root);
        File.SetUnixFileMode(
            Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.OtherWrite);
        var error = Assert.Throws<PortException>(() => HostStore.Open(Root));
        Assert.Contains("chmod", error.Message);
    }

    [Fact]
    public void A_file_in_its_place_is_refused()
    {
        File.WriteAllText(Root, "");
        var error = Assert.Throws<PortException>(() => HostStore.Open(Root));
        Assert.Contains(Root, error.Message);
    }

    [Fact]
    public void How_bases_were_used_reads_back_and_is_forgotten_with_a_note_when_damaged()
    {
        BaseUse[] uses =
        [
            new(
                BaseKey.Parse("blank-512-raw"), 3, DateTimeOffset.UnixEpoch,
                TimeSpan.FromSeconds(2)),
            new(BaseKey.Parse("blank-1024-raw"), 0, DateTimeOffset.UnixEpoch, null),
        ];
        using (var store = HostStore.Open(Root))
        {
            Assert.Empty(store.ReadUses());
            store.SaveUses(uses);
        }

        List<string> notes = [];
        using var again = HostStore.Open(Root, new HostStoreOptions { OnNote = notes.Add });
        Assert.Equal(uses, again.ReadUses());
        File.WriteAllText(Path.Combine(Root, "uses.json"), "nonsense");
        Assert.Empty(again.ReadUses());
        Assert.Contains("forgotten", Assert.Single(notes));
    }

    [Fact]
    public async Task A_record_reads_back_as_it_was_saved()
    {
        using var store = HostStore.Open(Root);
        var record = TestImages.Record(InstanceId.Parse("vm-1"), Disk("vm-1"));
        await store.SaveInstanceAsync(record, default);
        await store.SaveInstanceAsync(record with { Fence = new LaunchFence(7, 2) }, default);
        var read = Assert.Single(await store.ListInstancesAsync(default));
        Assert.Equal(new LaunchFence(7, 2), read.Fence);
        Assert.Equal(
            JsonSerializer.Serialize(record with { Fence = read.Fence }),
            JsonSerializer.Serialize(read));
    }

    [Fact]
    public async Task A_record_that_is_removed_is_gone_and_removing_it_again_is_no_error()
    {
        using var store = HostStore.Open(Root);
        var id = InstanceId.Parse("vm-1");
        await store.SaveInstanceAsync(TestImages.Record(id), default);
        await store.DeleteInstanceAsync(id, default);
        await store.DeleteInstanceAsync(id, default);
        Assert.Empty(await store.ListInstancesAsync(default));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Root, "instances")));
    }

    [Fact]
    public async Task A_record_of_another_instance_is_left_out_and_noted()
    {
        List<string> notes = [];
        using var store = HostStore.Open(Root, new HostStoreOptions { OnNote = notes.Add });
        await store.SaveInstanceAsync(TestImages.Record(InstanceId.Parse("vm-1")), default);
        Directory.Move(Path.Combine(Root, "instances/vm-1"), Path.Combine(Root, "instances/vm-2"));
        Assert.Empty(await store.ListInstancesAsync(default));
        Assert.Contains("vm-1", Assert.Single(notes));
    }

    [Fact]
    public async Task A_download_is_discarded_with_what_is_left_of_it()
    {
        using var store = HostStore.Open(Root);
        var key = BaseKey.Parse("sha256-" + new string('a', 64));
        var path = store.IncomingPath(key);
        foreach (var file in (string[])[path, path + ".part", path + ".part.json"])
            File.WriteAllText(file, "");
        await store.DiscardIncomingAsync(key, default);
        await store.DiscardIncomingAsync(key, default);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public async Task It_tells_its_room_and_what_is_shared()
    {
        using var store = HostStore.Open(Root);
        var space = store.MeasureSpace();
        Assert.InRange(space.FreeBytes, 1, space.TotalBytes);
        var before = await store.MeasureUsageAsync(default);
        File.WriteAllBytes(Path.Combine(Root, "bases", "x"), new byte[1 << 20]);
        var after = await store.MeasureUsageAsync(default);
        Assert.InRange(after.BaseBytes - before.BaseBytes, 1 << 20, 2 << 20);
        Assert.Equal(before.InstanceBytes, after.InstanceBytes);
    }

    private static InstanceDisk Disk(string instance) => new()
    {
        Name = DiskName.Root,
        BackingFile = BaseKey.Parse("blank-1048576-ext4"),
        VirtualSizeBytes = 1 << 20,
        AllocatedBytes = 12_288,
        Path = $"/elsewhere/{instance}.img",
        Format = "qcow2",
    };
}

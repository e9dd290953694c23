using System.Text.Json;
using NovaCow.Core.Tests.Scheduling;

namespace NovaCow.Core.Tests.Model;

public sealed class BaseKeyTests
{
    [Theory]
    [InlineData(BlankFileSystem.Ext4, null, "blank-1024-ext4", "ephemeral0")]
    [InlineData(BlankFileSystem.Ext4, "ephemeral0", "blank-1024-ext4", "ephemeral0")]
    [InlineData(BlankFileSystem.Ext4, "ephemeral1", "blank-1024-ext4-ephemeral1", "ephemeral1")]
    [InlineData(BlankFileSystem.Ntfs, "my-data_2", "blank-1024-ntfs-my-data_2", "my-data_2")]
    [InlineData(BlankFileSystem.Swap, null, "blank-1024-swap", "swap0")]
    [InlineData(BlankFileSystem.Swap, "swap0", "blank-1024-swap", "swap0")]
    [InlineData(BlankFileSystem.Swap, "ephemeral0", "blank-1024-swap-ephemeral0", "ephemeral0")]
    [InlineData(BlankFileSystem.Raw, "data", "blank-1024-raw", null)]
    public void A_blank_bases_key_has_the_label_only_where_it_is_not_the_usual_one(
        BlankFileSystem fs, string? label, string key, string? effective)
    {
        var blank = new BlankSpec(1024, fs)
        {
            Label = label is null ? null : VolumeLabel.Parse(label),
        };
        Assert.Equal(key, BaseKey.Of(blank).Value);
        Assert.Equal(BaseKey.Of(blank), BaseKey.Parse(key));
        Assert.Equal(effective, blank.EffectiveLabel()?.Value);
        Assert.Equal(blank, JsonSerializer.Deserialize<BlankSpec>(JsonSerializer.Serialize(blank)));
    }

    [Theory]
    [InlineData("blank-1024-ext4-ephemeral0")]
    [InlineData("blank-1024-swap-swap0")]
    [InlineData("blank-1024-raw-data")]
    [InlineData("blank-1024-ext4-")]
    [InlineData("blank-1024-ext4-..")]
    [InlineData("blank-1024-ext4-a/b")]
    [InlineData("blank-01024-ext4")]
    [InlineData("blank-+1024-ext4")]
    [InlineData("blank-1024-Ext4")]
    [InlineData("blank-1024-1")]
    public void What_is_no_blank_bases_key_is_refused(string text) =>
        Assert.False(BaseKey.TryParse(text, out _, out _));

    [Theory]
    [InlineData("")]
    [InlineData("-L")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("Data")]
    [InlineData("ephemeral-10")]
    [InlineData("é")]
    public void A_label_that_some_file_system_could_not_have_is_refused(string text)
    {
        Assert.False(VolumeLabel.TryParse(text, out _, out var problem));
        Assert.Contains("expected 1 to 11 characters", problem, StringComparison.Ordinal);
        var label = JsonSerializer.Serialize(text);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<BlankSpec>(
            $$"""{"SizeBytes":1,"FileSystem":"ext4","Label":{{label}}}"""));
    }

    [Fact]
    public void Ephemeral_disks_are_labelled_by_their_place_unless_the_flavor_says_how()
    {
        var ext4 = new BlankSpec(1024, BlankFileSystem.Ext4);
        var flavor = Given.Tiny with
        {
            EphemeralDisks =
            [
                ext4,
                ext4,
                ext4 with { Label = VolumeLabel.Parse("data") },
                new BlankSpec(1024, BlankFileSystem.Raw),
                ext4,
            ],
            SwapBytes = 2048,
        };
        string[] keys =
        [
            "blank-1024-ext4",
            "blank-1024-ext4-ephemeral1",
            "blank-1024-ext4-data",
            "blank-1024-raw",
            "blank-1024-ext4-ephemeral4",
            "blank-2048-swap",
        ];
        var disks = DiskPlan.For(Given.Image(), flavor).Skip(1);
        Assert.Equal(keys, disks.Select(d => d.Base.Key().Value));
        Assert.All(
            Enumerable.Range(0, DiskName.MaxEphemeral),
            i => Assert.True(VolumeLabel.TryParse(DiskName.Ephemeral(i).Value, out _, out _)));
    }

    [Theory]
    [InlineData("kernel", true)]
    [InlineData("ramdisk", true)]
    [InlineData("root", false)]
    [InlineData("ephemeral3", false)]
    public void A_kernel_and_a_ramdisk_have_names_and_are_no_disks(string name, bool isBootFile) =>
        Assert.Equal(isBootFile, DiskName.Parse(name).IsBootFile);

    [Fact]
    public void A_kernel_never_has_the_key_of_a_disk_with_the_same_bytes()
    {
        var disk = Given.Image();
        var kernel = disk with { Format = DiskFormat.Aki };
        Assert.False(disk.BaseKey().IsBootFile);
        Assert.Equal("boot-" + disk.BaseKey(), kernel.BaseKey().Value);
        Assert.True(BaseKey.Parse(kernel.BaseKey().Value).IsBootFile);
        Assert.False(BaseKey.TryParse("boot-" + kernel.BaseKey(), out _, out _));
        Assert.False(BaseKey.TryParse("boot-blank-1024-raw", out _, out _));
    }
}

using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Names and tags from hostile ids, and reports that are none.</summary>
public sealed class LvmNamesTests
{
    private const string Store = "0123456789abcdef";
    private readonly LvmNames _names = new(Store);

    [Fact]
    public void Every_id_has_a_name_of_its_own_that_lvm_takes()
    {
        string[] ids =
        [
            "a", "root", "a.root", "a-root", "tdata", "tmeta", "snapshot0", "pvmove0", "nco",
            new string('a', 63), new string('a', 62), "0" + new string('-', 61) + "0",
            "0" + new string('-', 60) + "1", "b6f7a1de-7d6f-4d92-a2b4-3f2c3d7d7a10",
        ];
        DiskName[] disks = [DiskName.Root, DiskName.Swap, DiskName.Ephemeral(15)];
        var digest = new string('a', 127);
        string[] names =
        [
            .. ids.SelectMany(id => disks.SelectMany(d => All(InstanceId.Parse(id), d))),
            _names.Base(BaseKey.Parse("blank-9223372036854775807-swap")),
            _names.Base(BaseKey.Parse($"sha256-{new string('b', 64)}")),
            _names.Base(BaseKey.Parse($"sha512-b{digest}")),
            _names.Base(BaseKey.Parse($"sha512-c{digest}")),
        ];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(names, name =>
        {
            Assert.True(LvmNames.IsName(name), name);
            Assert.InRange(LvmNames.EscapedLength(name), 1, LvmNames.MaxLength);
            Assert.DoesNotContain('_', name);
        });

        IEnumerable<string> All(InstanceId id, DiskName disk) =>
            [_names.Disk(id, disk), _names.NewDisk(id, disk), _names.OldDisk(id, disk)];
    }

    [Fact]
    public void A_mark_survives_its_tags_in_any_order()
    {
        var mark = new VolumeMark(VolumeState.Swap, BaseKey.Parse("blank-512-raw"), 1024)
        {
            Instance = InstanceId.Parse("vm-1"),
            Disk = DiskName.Swap,
        };
        Assert.True(VolumeMark.TryParse([.. mark.Tags(Store).Reverse()], Store, out var read));
        Assert.Equal(mark, read);
        Assert.False(VolumeMark.TryParse([.. mark.Tags(Store)], "fedcba9876543210", out _));
    }

    [Theory]
    [InlineData("novacow.state=ready", "novacow.state=done")]
    [InlineData("novacow.bytes=1024", "novacow.bytes=many")]
    [InlineData("novacow.instance=vm-1", "novacow.instance=VM/1")]
    [InlineData("novacow.instance=vm-1", "other")]
    [InlineData("novacow.disk=swap", "novacow.disk=rooot")]
    [InlineData("novacow.base=blank-512-raw", "novacow.base=blank-0-raw")]
    public void Tags_that_are_not_such_as_the_store_gives_are_no_mark(string tag, string other)
    {
        var mark = new VolumeMark(VolumeState.Ready, BaseKey.Parse("blank-512-raw"), 1024)
        {
            Instance = InstanceId.Parse("vm-1"),
            Disk = DiskName.Swap,
        };
        var tags = mark.Tags(Store).Select(t => t == tag ? other : t).ToList();
        Assert.Contains(other, tags);
        Assert.False(VolumeMark.TryParse(tags, Store, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"report":[]}""")]
    [InlineData("""{"report":[{"lv":[{"lv_name":"pool"}]}]}""")]
    [InlineData("""{"report":[{"lv":[{"lv_name":"pool","lv_size":"4.00g"}]}]}""")]
    [InlineData("""{"report":[{"lv":[{"lv_name":7}]}]}""")]
    public void What_is_no_report_is_told_so(string output) =>
        Assert.Throws<LvmFailedException>(() => LvmReport.Parse(output, "pool"));

    [Fact]
    public void A_report_of_lvms_own_is_read()
    {
        var report = LvmReport.Parse(Sample, "pool");
        Assert.Equal(65536, report.ExtentBytes);
        Assert.Equal(131072, report.WholeExtents(65537));
        var pool = report.Pool!;
        Assert.True(pool is { IsThinPool: true, IsActive: true, IsZeroing: true, Health: "" });
        Assert.Equal((838860800, 10.60, 65536, "passdown"), (
            pool.SizeBytes, pool.MetadataPercent, pool.ChunkBytes, pool.Discards));
        var disk = report.Find("ncd+1234+vm-1+root")!;
        Assert.True(disk is { IsActive: true, IsOpen: true, IsReadOnly: false, ThinId: 3 });
        Assert.Equal(["novacow", "novacow.instance=vm-1"], disk.Tags);
        Assert.Equal(524288, disk.MappedBytes);
        var volume = report.Find("b2")!;
        Assert.True(volume is { IsActive: false, IsOpen: false, IsReadOnly: true });
        Assert.Equal(0, volume.MappedBytes);
    }

    [Theory]
    [InlineData("1 2097152 65536 \n2 0 0 \n", 2)]
    [InlineData("", 0)]
    public void What_thin_ls_says_is_read(string output, int volumes) =>
        Assert.Equal(volumes, LvmUsage.Parse(output).Count);

    // What lvm 2.03.16 wrote.
    private const string Sample = """
        { "report": [ { "lv": [
        {"lv_name":"b2", "lv_size":"1048576", "lv_tags":"novacow.state=ready",
          "lv_permissions":"read-only", "lv_active":"", "lv_device_open":"unknown",
          "pool_lv":"pool", "data_percent":"", "metadata_percent":"", "thin_id":"2",
          "lv_layout":"thin,sparse", "chunk_size":"0", "discards":"passdown", "zero":"zero",
          "lv_health_status":"", "lv_check_needed":"unknown", "vg_extent_size":"65536"},
        {"lv_name":"ncd+1234+vm-1+root", "lv_size":"1048576",
          "lv_tags":"novacow,novacow.instance=vm-1", "lv_permissions":"writeable",
          "lv_active":"active", "lv_device_open":"open", "pool_lv":"pool", "data_percent":"50.00",
          "metadata_percent":"", "thin_id":"3", "lv_layout":"thin,sparse", "chunk_size":"0",
          "discards":"passdown", "zero":"zero", "lv_health_status":"",
          "lv_check_needed":"unknown", "vg_extent_size":"65536"},
        {"lv_name":"pool", "lv_size":"838860800", "lv_tags":"", "lv_permissions":"writeable",
          "lv_active":"active", "lv_device_open":"open", "pool_lv":"", "data_percent":"0.00",
          "metadata_percent":"10.60", "thin_id":"", "lv_layout":"thin,pool", "chunk_size":"65536",
          "discards":"passdown", "zero":"zero", "lv_health_status":"", "lv_check_needed":"",
          "vg_extent_size":"65536"}
        ] } ] }
        """;
}

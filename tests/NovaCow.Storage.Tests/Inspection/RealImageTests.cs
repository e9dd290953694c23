using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests.Inspection;

public sealed class RealImageTests(RealImages images) : IClassFixture<RealImages>
{
    public static TheoryData<string> Names { get; } = [.. RealImages.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_real_image_is_accepted_with_the_size_that_qemu_sees(string name)
    {
        var image = RealImages.All[name];
        var path = images.PathOf(image);
        var inspector = new ImageInspector();

        foreach (var declared in new DiskFormat?[] { null, image.Format })
        {
            var verdict = await inspector.InspectAsync(path, declared, CancellationToken.None);
            var accepted = Assert.IsType<InspectionVerdict.Accepted>(verdict);
            Assert.Equal(image.Format, accepted.Format);
            var info = QemuImg.Info(image.QemuFormat, path);
            Assert.Equal(
                info!.Value.GetProperty("virtual-size").GetInt64(), accepted.VirtualSizeBytes);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_real_image_is_refused_when_declared_otherwise(string name)
    {
        var image = RealImages.All[name];
        var path = images.PathOf(image);

        // A kernel can begin with any bytes, but for those of a container of disks.
        foreach (var other in Enum.GetValues<DiskFormat>()
            .Where(f => f != image.Format && (image.Format != DiskFormat.Raw || !f.IsBootFile())))
        {
            var verdict = new ImageInspector().Inspect(path, other);
            var refused = Assert.IsType<InspectionVerdict.Refused>(verdict);
            Assert.Equal(InspectionRules.DeclaredFormat.Name, refused.Rule);
        }
    }

    [Theory]
    [InlineData("qcow2: backing file", "create", "-f", "qcow2", "-b", "/dev/null", "-F", "raw")]
    [InlineData("qcow2: backing file", "create", "-f", "qcow2", "-u", "-b", "json:{}", "-F", "raw")]
    [InlineData("qcow2: external data file", "create", "-f", "qcow2", "-o", "data_file=$.data")]
    [InlineData("qcow2: extended L2", "create", "-f", "qcow2", "-o", "extended_l2=on")]
    [InlineData("vmdk: text descriptor", "create", "-f", "vmdk", "-o", "subformat=monolithicFlat")]
    [InlineData("vmdk: text descriptor", "create", "-f", "vmdk", "-o",
        "subformat=twoGbMaxExtentSparse")]
    [InlineData("qed: not supported", "create", "-f", "qed")]
    [InlineData("qcow: not supported", "create", "-f", "qcow")]
    [InlineData("parallels: not supported", "create", "-f", "parallels")]
    [InlineData("qcow2: encryption", "create", "-f", "qcow2", "--object", "secret,id=s,data=abc",
        "-o", "encrypt.format=aes,encrypt.key-secret=s")]
    public void A_real_image_that_is_not_safe_is_refused(string rule, params string[] arguments)
    {
        QemuImg.Need();
        var path = images.NewPath();
        string[] options =
            [.. arguments.Select(a => a.Replace("$", path, StringComparison.Ordinal))];
        QemuImg.Run([.. options, "-q", path, "4M"]);
        var refused = Assert.IsType<InspectionVerdict.Refused>(
            new ImageInspector().Inspect(path, declared: null));
        Assert.Equal(rule, refused.Rule);
    }

    [Fact]
    public void Snapshots_and_bitmaps_inside_are_refused()
    {
        QemuImg.Need();
        var path = images.NewPath();
        QemuImg.Run("create", "-q", "-f", "qcow2", path, "4M");
        QemuImg.Run("snapshot", "-c", "before", path);
        AssertRefused(path, InspectionRules.Qcow2Snapshots);
        QemuImg.Run("snapshot", "-d", "before", path);
        Assert.IsType<InspectionVerdict.Accepted>(new ImageInspector().Inspect(path, null));
        QemuImg.Run("bitmap", "--add", path, "changes");
        AssertRefused(path, InspectionRules.Qcow2Bitmaps);
    }

    [Theory]
    [InlineData("mkfs.ext4", "-q", "-F")]
    [InlineData("mkfs.vfat")]
    public void A_file_system_without_a_partition_table_is_raw(
        string tool, params string[] arguments)
    {
        Assert.SkipUnless(QemuImg.IsOnPath(tool), $"{tool} is not installed");
        var path = images.NewPath();
        File.WriteAllBytes(path, new byte[8 << 20]);
        Assert.Equal(0, QemuImg.TryRun(tool, [.. arguments, path]).ExitCode);
        var accepted = Assert.IsType<InspectionVerdict.Accepted>(
            new ImageInspector().Inspect(path, DiskFormat.Raw));
        Assert.Empty(accepted.Notes);
    }

    [Fact]
    public void A_disc_made_by_its_tools_is_an_iso()
    {
        var tool = new[] { "xorrisofs", "genisoimage", "mkisofs" }.FirstOrDefault(QemuImg.IsOnPath);
        Assert.SkipWhen(tool is null, "neither xorriso nor genisoimage is installed");
        var folder = Directory.CreateDirectory(images.NewPath()).FullName;
        File.WriteAllText(Path.Combine(folder, "meta-data"), "instance-id: 1\n");
        var path = images.NewPath();
        var made = QemuImg.TryRun(tool!, "-quiet", "-J", "-r", "-V", "cidata", "-o", path, folder);
        Assert.True(made.ExitCode == 0, made.Error);
        var verdict = new ImageInspector().Inspect(path, DiskFormat.Iso);
        var accepted = Assert.IsType<InspectionVerdict.Accepted>(verdict);
        Assert.Equal(new FileInfo(path).Length, accepted.VirtualSizeBytes);
    }

    private static void AssertRefused(string path, InspectionRule rule)
    {
        var verdict = new ImageInspector().Inspect(path, DiskFormat.Qcow2);
        Assert.Equal(rule.Name, Assert.IsType<InspectionVerdict.Refused>(verdict).Rule);
    }
}

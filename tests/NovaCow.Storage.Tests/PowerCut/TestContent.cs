using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>The bases that tests make, prepared once for all tests of a class.</summary>
public sealed class TestContents : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Lazy<Task<Dictionary<string, TestContent>>> _all;

    public TestContents() => _all = new(() => TestContent.MakeAllAsync(_folder));

    public void Dispose() => _folder.Dispose();

    /// <summary>One of each kind, by name; skips the test where a tool is missing.</summary>
    internal async Task<IReadOnlyDictionary<string, TestContent>> GetAsync()
    {
        TestTool.Need("qemu-img", "mkswap");
        return await _all.Value;
    }
}

/// <summary>A base that can be made, and a raw file with the bytes that it must have.</summary>
internal sealed record TestContent(
    string Name, BaseContent Content, string? ImagePath, string Reference)
{
    public const string Kept = "kept", Raw = "raw", Download = "download", Converted = "converted";
    public const string Blank = "blank", Formatted = "formatted", Other = "other";
    public const string Next = "next";

    private const long MiB = TestImages.MiB;

    public BaseKey Key => Content.Key();

    public long Bytes => new FileInfo(Reference).Length;

    /// <summary>One of each kind, by name; the references come from a store of their own that
    /// nothing happens to.</summary>
    public static async Task<Dictionary<string, TestContent>> MakeAllAsync(TempFolder folder)
    {
        var disk = TestImages.Raw(folder.File("converted"), 2 * MiB, seed: 4);
        var qcow2 = await TestImages.ConvertAsync(disk, "qcow2");
        List<TestContent> all =
        [
            OfRaw(Kept, MiB, 1),
            OfRaw(Raw, 4 * MiB, 2),
            OfRaw(Download, MiB, 3),
            OfRaw(Other, MiB, 5),
            OfRaw(Next, MiB, 6),
            new(Converted, OfImage(qcow2, DiskFormat.Qcow2, 2 * MiB), qcow2, disk),
            await OfBlankAsync(Blank, BlankFileSystem.Raw),
            await OfBlankAsync(Formatted, BlankFileSystem.Swap),
        ];
        return all.ToDictionary(c => c.Name);

        TestContent OfRaw(string name, long bytes, int seed)
        {
            var path = TestImages.Raw(folder.File(name), bytes, seed);
            return new(name, OfImage(path, DiskFormat.Raw, bytes), path, path);
        }

        async Task<TestContent> OfBlankAsync(string name, BlankFileSystem fs)
        {
            var content = TestImages.Blank(MiB, fs);
            using var store = HostStore.Open(folder.File("reference"));
            var driver = new Qcow2VolumeDriver(store, new ImageInspector());
            await driver.EnsureBaseAsync(content, null, null, default);
            return new(name, content, null, store.Layout.BaseData(content.Key()));
        }
    }

    private static BaseContent.OfImage OfImage(string path, DiskFormat format, long bytes) =>
        new(TestImages.Describe(path, format, bytes));
}

using System.Globalization;
using System.Text.Json;

namespace NovaCow.Storage;

/// <summary>A logical volume as lvm reports it.</summary>
internal sealed record LogicalVolume
{
    public required string Name { get; init; }

    public required long SizeBytes { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>The thin pool that it lies in; empty when it is none's.</summary>
    public required string Pool { get; init; }

    public required bool IsReadOnly { get; init; }

    public required bool IsActive { get; init; }

    /// <summary>Whether any process has it open.</summary>
    public required bool IsOpen { get; init; }

    /// <summary>How much of it is mapped, to a hundredth; null while it is not active.</summary>
    public required double? DataPercent { get; init; }

    /// <summary>Its number in the pool; null when it is no thin volume.</summary>
    public required int? ThinId { get; init; }

    /// <summary>What is mapped of it, as exactly as lvm tells: to a hundredth of a percent of its
    /// size. Blocks that it shares are counted.</summary>
    public long MappedBytes => (long)(SizeBytes * (DataPercent ?? 0) / 100);
}

/// <summary>A thin pool as lvm reports it.</summary>
internal sealed record ThinPool
{
    /// <summary>The health of a pool that is full.</summary>
    public const string OutOfData = "out_of_data";

    public required long SizeBytes { get; init; }

    public required bool IsThinPool { get; init; }

    public required bool IsActive { get; init; }

    public required double DataPercent { get; init; }

    public required double MetadataPercent { get; init; }

    public required long ChunkBytes { get; init; }

    public required bool IsZeroing { get; init; }

    /// <summary>What becomes of discards: ignore, nopassdown or passdown.</summary>
    public required string Discards { get; init; }

    /// <summary>What is wrong with it; empty: nothing.</summary>
    public required string Health { get; init; }

    public long UsedBytes => (long)(SizeBytes * DataPercent / 100);
}

/// <summary>A volume group at one moment.</summary>
/// <param name="Pool">The pool asked for; null: the group has no volume of that name.</param>
/// <param name="ExtentBytes">What the sizes of its volumes are multiples of.</param>
/// <param name="Volumes">All volumes, of whomever.</param>
internal sealed record LvmReport(
    ThinPool? Pool, long ExtentBytes, IReadOnlyList<LogicalVolume> Volumes)
{
    /// <summary>What <see cref="Parse"/> reads.</summary>
    public const string Columns =
        "lv_name,lv_size,lv_tags,pool_lv,lv_permissions,lv_active,lv_device_open,data_percent,"
        + "metadata_percent,thin_id,lv_layout,chunk_size,zero,discards,lv_health_status,"
        + "lv_check_needed,vg_extent_size";

    /// <summary>The volume of that name; null: there is none.</summary>
    public LogicalVolume? Find(string name) => Volumes.FirstOrDefault(v => v.Name == name);

    /// <summary>The size that a volume gets that is to hold these bytes.</summary>
    public long WholeExtents(long bytes) =>
        (bytes / ExtentBytes * ExtentBytes) + (bytes % ExtentBytes > 0 ? ExtentBytes : 0);

    /// <exception cref="LvmFailedException">It is no such report.</exception>
    public static LvmReport Parse(string json, string pool)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var rows = document.RootElement.GetProperty("report")[0].GetProperty("lv")
                .EnumerateArray().ToList();
            var poolRow = rows.FindIndex(r => Text(r, "lv_name") == pool);
            return new LvmReport(
                poolRow < 0 ? null : ReadPool(rows[poolRow]),
                rows.Count == 0 ? 1 : Number(rows[0], "vg_extent_size"),
                [.. rows.Select(ReadVolume).DistinctBy(v => v.Name)]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException
            or FormatException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new LvmFailedException($"lvs gave no report that can be read ({e.Message})");
        }
    }

    private static LogicalVolume ReadVolume(JsonElement row) => new()
    {
        Name = Text(row, "lv_name"),
        SizeBytes = Number(row, "lv_size"),
        Tags = Text(row, "lv_tags").Split(',', StringSplitOptions.RemoveEmptyEntries),
        Pool = Text(row, "pool_lv"),
        IsReadOnly = Text(row, "lv_permissions").StartsWith("read-only", StringComparison.Ordinal),
        IsActive = Text(row, "lv_active") == "active",
        IsOpen = Text(row, "lv_device_open") == "open",
        DataPercent = Percent(row, "data_percent"),
        ThinId = Text(row, "thin_id") is { Length: > 0 } id
            ? int.Parse(id, CultureInfo.InvariantCulture)
            : null,
    };

    private static ThinPool ReadPool(JsonElement row) => new()
    {
        SizeBytes = Number(row, "lv_size"),
        IsThinPool = Text(row, "lv_layout").Split(',') is var layout
            && layout.Contains("thin") && layout.Contains("pool"),
        IsActive = Text(row, "lv_active") == "active",
        DataPercent = Percent(row, "data_percent") ?? 0,
        MetadataPercent = Percent(row, "metadata_percent") ?? 0,
        ChunkBytes = Math.Max(Number(row, "chunk_size"), 1),
        IsZeroing = Text(row, "zero") == "zero",
        Discards = Text(row, "discards"),
        Health = Text(row, "lv_health_status") is { Length: > 0 } health
            ? health
            : Text(row, "lv_check_needed") == "check needed" ? "check needed" : "",
    };

    private static string Text(JsonElement row, string column) =>
        row.GetProperty(column).GetString() ?? "";

    private static long Number(JsonElement row, string column) =>
        long.Parse(Text(row, column), CultureInfo.InvariantCulture);

    private static double? Percent(JsonElement row, string column) =>
        Text(row, column) is { Length: > 0 } text
            ? double.Parse(text, CultureInfo.InvariantCulture)
            : null;
}

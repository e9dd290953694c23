using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>How far a volume is.</summary>
internal enum VolumeState
{
    /// <summary>Not whole yet.</summary>
    Building,

    /// <summary>Whole, and about to take a disk's place.</summary>
    Swap,

    /// <summary>Whole.</summary>
    Ready,
}

/// <summary>
/// What a logical volume's tags say of it: the record of what belongs to a store. Written in the
/// command that makes the volume, and so never missing.
/// </summary>
/// <param name="State">How far it is.</param>
/// <param name="Base">A base: its key. A disk: the base that it is a clone of; null: none.</param>
/// <param name="Bytes">The size that was asked for: a smaller volume is not whole.</param>
internal sealed record VolumeMark(VolumeState State, BaseKey? Base, long Bytes)
{
    private const string Ours = "novacow", Store = "novacow.store=";
    private const string StateTag = "novacow.state=", BaseTag = "novacow.base=";
    private const string InstanceTag = "novacow.instance=", DiskTag = "novacow.disk=";
    private const string BytesTag = "novacow.bytes=";

    /// <summary>Whose disk it is; null: it is a base.</summary>
    public InstanceId? Instance { get; init; }

    /// <summary>Which disk of the instance; null: it is a base.</summary>
    public DiskName? Disk { get; init; }

    /// <summary>The tag that all volumes of a store carry.</summary>
    public static string OfStore(string storeId) => Store + storeId;

    public static string Of(VolumeState state) => StateTag + state.ToString().ToLowerInvariant();

    public IEnumerable<string> Tags(string storeId)
    {
        yield return Ours;
        yield return OfStore(storeId);
        yield return Of(State);
        yield return BytesTag + Bytes.ToString(CultureInfo.InvariantCulture);
        if (Base is not null)
            yield return BaseTag + Base;
        if (Instance is not null)
            yield return InstanceTag + Instance;
        if (Disk is not null)
            yield return DiskTag + Disk;
    }

    /// <summary>The mark in a volume's tags; false when they are not such as this store writes.
    /// </summary>
    public static bool TryParse(
        IReadOnlyList<string> tags, string storeId, [NotNullWhen(true)] out VolumeMark? mark)
    {
        mark = null;
        if (!tags.Contains(OfStore(storeId))
            || !Enum.TryParse<VolumeState>(Value(StateTag), ignoreCase: true, out var state)
            || !long.TryParse(Value(BytesTag), CultureInfo.InvariantCulture, out var bytes))
        {
            return false;
        }

        var isWhole = TryRead<BaseKey>(Value(BaseTag), out var key)
            & TryRead<InstanceId>(Value(InstanceTag), out var instance)
            & TryRead<DiskName>(Value(DiskTag), out var disk);
        if (!isWhole || instance is null != disk is null || (instance is null && key is null))
            return false;
        mark = new VolumeMark(state, key, bytes) { Instance = instance, Disk = disk };
        return true;

        string? Value(string prefix) => tags
            .FirstOrDefault(t => t.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];
    }

    private static bool TryRead<T>(string? text, out T? id)
        where T : class, IStringId<T>
    {
        id = null;
        return text is null || T.TryParse(text, out id, out _);
    }
}

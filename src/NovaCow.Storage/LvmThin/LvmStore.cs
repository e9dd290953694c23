using System.Security.Cryptography;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// What the driver keeps beside the volumes, in a folder <c>lvm</c> of its host's store: who the
/// store is, what its bases are, and the files that bases are made from. Blocks.
/// </summary>
/// <remarks>A base is published by its record, which is written last and removed first: a volume
/// without one is a leftover.</remarks>
internal sealed class LvmStore(HostStore store)
{
    private const string RecordSuffix = ".json", BuildSuffix = ".build";
    private const string DamageSuffix = ".damaged.json";

    private readonly StoreFiles _files = store.Files;

    private string Root => $"{store.Root}/lvm";

    private string Bases => $"{Root}/bases";

    private string IdentityPath => $"{Root}/identity.json";

    private string SnapMarkPath => $"{Root}/metadata-snapshot";

    private sealed record Identity(string Id);

    /// <summary>Makes the folder if there is none.</summary>
    /// <returns>The store's own id, by which its volumes are told from those of other stores.
    /// </returns>
    public string Open()
    {
        _files.MakeDirectory(Root);
        _files.MakeDirectory(Bases);
        if (!StoreFiles.TryStat(IdentityPath, out _))
        {
            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
            StoreRecords.Publish(_files, IdentityPath, new Identity(id));
            _files.SyncDirectory(store.Root);
        }

        var identity = StoreRecords.TryRead<Identity>(IdentityPath, out var problem);
        return identity is { Id.Length: 16 } && identity.Id.All(char.IsAsciiHexDigitLower)
            ? identity.Id
            : throw PortException.Final(
                LaunchErrorCode.VolumeDriver,
                $"store {store.Root}: {IdentityPath} {problem}; write the id there that the "
                    + "store's volumes carry (lvs -o +lv_tags shows novacow.store=ID)");
    }

    /// <summary>Where a base's data is made; emptied.</summary>
    public string MakeBuild(BaseKey key)
    {
        var folder = BuildPath(key);
        _files.DeleteTree(folder);
        _files.MakeDirectory(folder);
        return folder;
    }

    public void DeleteBuild(BaseKey key) => _files.DeleteTree(BuildPath(key));

    public LvmBase? TryRead(BaseKey key, out string problem)
    {
        var record = StoreRecords.TryRead<LvmBase>(RecordPath(key), out problem);
        if (record is null || record.Volume.Key == key)
            return record;
        problem = $"is of base {record.Volume.Key}";
        return null;
    }

    public bool HasRecord(BaseKey key) => StoreFiles.TryStat(RecordPath(key), out _);

    public void Publish(LvmBase record) =>
        StoreRecords.Publish(_files, RecordPath(record.Volume.Key), record);

    public void Withdraw(BaseKey key)
    {
        var isGone = _files.Delete(RecordPath(key));
        if (_files.Delete(DamagePath(key)) || isGone)
            _files.SyncDirectory(Bases);
    }

    /// <summary>Why a base must not be cloned, as a verification found; null: nothing is known
    /// against it.</summary>
    public string? KnownDamage(BaseKey key) =>
        StoreFiles.TryStat(DamagePath(key), out _)
            ? StoreRecords.TryRead<DamageRecord>(DamagePath(key), out _)?.Reason
                ?? "was found damaged, by a record that cannot be read any more"
            : null;

    public void RecordDamage(BaseKey key, string reason) =>
        StoreRecords.Publish(
            _files, DamagePath(key), new DamageRecord(reason, store.Options.Clock.GetUtcNow()));

    /// <summary>The bases that have a record, readable or not; what builds left is removed.
    /// </summary>
    public List<BaseKey> List()
    {
        List<BaseKey> found = [];
        foreach (var path in Directory.EnumerateFileSystemEntries(Bases).Order())
        {
            var name = Path.GetFileName(path);
            if (IsKey(name, DamageSuffix, out _))
                continue;
            if (IsKey(name, RecordSuffix, out var key))
                found.Add(key!);
            else if (IsKey(name, BuildSuffix, out _)
                || IsKey(name, DamageSuffix + StoreLayout.TemporarySuffix, out _)
                || IsKey(name, RecordSuffix + StoreLayout.TemporarySuffix, out _))
                _files.DeleteTree(path);
            else
                store.Note($"{path} is no base; it was left alone");
        }

        return found;
    }

    /// <summary>Says that this store is about to hold the pool's metadata snapshot, of which there
    /// is one.</summary>
    public void MarkSnapshot()
    {
        using var file = _files.TryCreate(SnapMarkPath);
    }

    public bool HasSnapshotMark() => StoreFiles.TryStat(SnapMarkPath, out _);

    public void UnmarkSnapshot() => _files.Delete(SnapMarkPath);

    private string RecordPath(BaseKey key) => $"{Bases}/{key}{RecordSuffix}";

    private string DamagePath(BaseKey key) => $"{Bases}/{key}{DamageSuffix}";

    private string BuildPath(BaseKey key) => $"{Bases}/{key}{BuildSuffix}";

    private static bool IsKey(string name, string suffix, out BaseKey? key)
    {
        key = null;
        return name.EndsWith(suffix, StringComparison.Ordinal)
            && BaseKey.TryParse(name[..^suffix.Length], out key, out _);
    }
}

/// <summary>A base's record.</summary>
/// <param name="Volume">The base.</param>
/// <param name="DataDigest">What <see cref="BlockDevice.Copy"/> said of its data.</param>
internal sealed record LvmBase(BaseVolume Volume, string DataDigest);

using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Says whether a base is what it was when it was published, and keeps what was found beside it:
/// its seal, where its content has no digest of its own, and its damage. It never touches the data.
/// </summary>
internal sealed class BaseHealth(HostStore store)
{
    private const int Permissions = 0xFFF;

    /// <summary>Writable by anybody, or open to all.</summary>
    private const int Forbidden = 0x97;

    // A base is sealed a while after its making: later, somebody may want to know.
    private static readonly TimeSpan SealedSoon = TimeSpan.FromHours(1);

    private readonly StoreLayout _layout = store.Layout;
    private readonly StoreFiles _files = store.Files;

    /// <summary>What one look at its file shows to be wrong; null: nothing.</summary>
    public string? Look(BaseVolume published)
    {
        var us = LibC.geteuid();
        if (!StoreFiles.TryStat(_layout.BaseData(published.Key), out var stat) || !stat.IsFile)
            return $"has no {StoreLayout.BaseFile}";
        if (stat.Size != published.VirtualSizeBytes)
            return $"is {stat.Size} bytes long, and was made of {published.VirtualSizeBytes}";
        if (stat.Uid != us)
            return $"belongs to user {stat.Uid}, and was made by {us}";
        return (stat.Mode & Forbidden) == 0
            ? null
            : $"has mode {Convert.ToString(stat.Mode & Permissions, 8)}, and was made read-only";
    }

    /// <summary>The damage that was found in it before; null: none.</summary>
    public string? KnownDamage(BaseKey key)
    {
        if (!StoreFiles.TryStat(_layout.BaseDamage(key), out _))
            return null;
        return StoreRecords.TryRead<DamageRecord>(_layout.BaseDamage(key), out _)?.Reason
            ?? "was found damaged, by a record that cannot be read any more";
    }

    /// <summary>Keeps a start and other drivers from serving it.</summary>
    public void RecordDamage(BaseKey key, string reason)
    {
        if (StoreFiles.TryStat(_layout.BaseDamage(key), out _))
            return;
        var record = new DamageRecord(reason, store.Options.Clock.GetUtcNow());
        StoreRecords.Publish(_files, _layout.BaseDamage(key), record);
    }

    /// <summary>Whether something vouches for its bytes.</summary>
    public bool IsSealed(BaseVolume published) =>
        published.Content.OwnDigest() is not null
        || StoreFiles.TryStat(_layout.BaseSeal(published.Key), out _);

    /// <summary>Reads it whole. What is wrong is recorded; a base without a seal gets one.
    /// </summary>
    public string? Verify(
        BaseVolume published, IProgress<long>? progress, CancellationToken token)
    {
        if (KnownDamage(published.Key) is { } known)
            return known;
        var problem = Look(published) ?? VerifyBytes(published, progress, token);
        if (problem is not null)
            RecordDamage(published.Key, problem);
        return problem;
    }

    /// <summary>
    /// Whether the base that was built in a folder has the bytes that the published one of its key
    /// had, as far as that is known; it gets the seal by which that was judged.
    /// </summary>
    /// <returns>Why not; null: it has.</returns>
    public string? CheckReplacement(BaseContent content, string folder, CancellationToken token)
    {
        if (content.OwnDigest() is not null)
            return null;
        var old = ReadSeal(_layout.BaseSeal(content.Key()));
        if (old is null)
        {
            return content is BaseContent.OfImage
                ? null
                : "nothing is known of the bytes that it had";
        }

        var data = Path.Combine(folder, StoreLayout.BaseFile);
        using var file = _files.OpenToRead(data);
        if (BaseDigest.Seal(file, progress: null, token) != old.Digest)
            return "what was made anew has other bytes than it had";
        WriteSeal(Path.Combine(folder, StoreLayout.BaseSealFile), old);
        return null;
    }

    private string? VerifyBytes(
        BaseVolume published, IProgress<long>? progress, CancellationToken token)
    {
        var own = published.Content.OwnDigest();
        Digest found;
        try
        {
            using var file = _files.OpenToRead(_layout.BaseData(published.Key));
            found = own is null
                ? BaseDigest.Seal(file, progress, token)
                : BaseDigest.Whole(file, own.Algorithm, progress, token);
        }
        catch (IOException e) when (e is not StoreIoException)
        {
            return $"cannot be read: {e.Message}";
        }

        if (own is not null)
            return found == own ? null : Differs("digest", found, own);
        if (ReadSeal(_layout.BaseSeal(published.Key)) is { } before)
            return found == before.Digest ? null : Differs("seal", found, before.Digest);
        var now = store.Options.Clock.GetUtcNow();
        WriteSeal(
            _layout.BaseSeal(published.Key), new SealRecord(BaseDigest.SealMethod, found, now));
        if (now - published.CreatedAt > SealedSoon)
        {
            store.Note($"base {published.Key}: nothing vouched for its bytes since "
                + $"{published.CreatedAt:u}; it is held from now on against what it is now");
        }

        return null;
    }

    private static string Differs(string what, Digest found, Digest published) =>
        $"{what} differs: published {published}, found {found}";

    // A seal of a method that this version does not know is none.
    private static SealRecord? ReadSeal(string path) =>
        StoreRecords.TryRead<SealRecord>(path, out _) is { Method: BaseDigest.SealMethod } seal
            ? seal
            : null;

    private void WriteSeal(string path, SealRecord seal)
    {
        StoreRecords.Publish(_files, path, seal);
        _files.SetMode(path, StoreFiles.ReadOnlyFile);
    }

    private sealed record SealRecord(string Method, Digest Digest, DateTimeOffset SealedAt);
}

/// <summary>What was found wrong with a base, kept beside it.</summary>
/// <param name="Reason">What it was.</param>
/// <param name="FoundAt">When.</param>
internal sealed record DamageRecord(string Reason, DateTimeOffset FoundAt);

using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Where everything is in a host's store. Pure: it names files and touches none.</summary>
/// <param name="Root">The store's absolute path.</param>
internal sealed record StoreLayout(string Root)
{
    public const string BaseFile = "base.raw";
    public const string BaseRecordFile = "base.json";
    public const string BaseSealFile = "seal.json";
    public const string BaseDamageFile = "damaged.json";
    public const string InstanceRecordFile = "instance.json";
    public const string FencedFolder = "fenced";
    public const string TemporarySuffix = ".tmp";
    public const string CaptureExtension = ".qcow2", CaptureRecordExtension = ".json";
    private const string BuildPrefix = ".build-", TrashPrefix = ".trash-", CopyPrefix = ".copy-";

    public string Format { get; } = Path.Combine(Root, "store.json");

    public string Lock { get; } = Path.Combine(Root, "lock");

    public string Uses { get; } = Path.Combine(Root, "uses.json");

    public string Bases { get; } = Path.Combine(Root, "bases");

    public string Instances { get; } = Path.Combine(Root, "instances");

    public string Incoming { get; } = Path.Combine(Root, "incoming");

    public string Captures { get; } = Path.Combine(Root, "captures");

    public string Fenced { get; } = Path.Combine(Root, FencedFolder);

    public string Base(BaseKey key) => $"{Bases}/{key}";

    public string BaseData(BaseKey key) => $"{Bases}/{key}/{BaseFile}";

    public string BaseRecord(BaseKey key) => $"{Bases}/{key}/{BaseRecordFile}";

    public string BaseSeal(BaseKey key) => $"{Bases}/{key}/{BaseSealFile}";

    public string BaseDamage(BaseKey key) => $"{Bases}/{key}/{BaseDamageFile}";

    /// <summary>Where a base is made, beside its place so that a rename publishes it.</summary>
    public string BaseBuild(BaseKey key) => $"{Bases}/{BuildPrefix}{key}";

    /// <summary>Where a base goes in one step before its files are removed one by one.</summary>
    public string BaseTrash(BaseKey key) => $"{Bases}/{TrashPrefix}{key}";

    public string Instance(InstanceId id) => $"{Instances}/{id}";

    public string InstanceRecord(InstanceId id) => $"{Instances}/{id}/{InstanceRecordFile}";

    /// <summary>Where a disk, or a file to boot with, is made first.</summary>
    public string Disk(InstanceId id, DiskName disk, string extension) =>
        $"{Instances}/{id}/{InstanceFiles.NamesOf(disk, extension)[0]}";

    /// <summary>Everywhere that a disk may be.</summary>
    public IEnumerable<string> DiskPlaces(InstanceId id, DiskName disk, string extension) =>
        InstanceFiles.NamesOf(disk, extension).Select(name => $"{Instances}/{id}/{name}");

    public string Console(InstanceId id) => $"{Instances}/{id}/{InstanceFiles.Console}";

    public string Seed(InstanceId id) => $"{Instances}/{id}/{InstanceFiles.Seed}";

    public string Fence(InstanceId id) => $"{Fenced}/{FenceFile(id)}";

    public static string FenceFile(InstanceId id) => $"{id}.json";

    /// <summary>A folder for what a disk is made of, beside it.</summary>
    public string DiskWork(InstanceId id, DiskName disk) =>
        Disk(id, disk, "raw") + TemporarySuffix;

    /// <summary>An image that was made of a disk here.</summary>
    public string Capture(Digest digest) =>
        $"{Captures}/{digest.Algorithm}-{digest.Hex}{CaptureExtension}";

    public string CaptureRecord(Digest digest) =>
        $"{Captures}/{digest.Algorithm}-{digest.Hex}{CaptureRecordExtension}";

    /// <summary>Where an image is made, beside its place so that a rename publishes it.</summary>
    public string CaptureBuild(InstanceId id) => $"{Captures}/{BuildPrefix}{id}";

    /// <summary>Where a running machine's disk is copied to, to be made an image of.</summary>
    public string CaptureCopy(InstanceId id) => $"{Captures}/{CopyPrefix}{id}";

    /// <summary>Whether an entry of <see cref="Captures"/> was being made when something stopped.
    /// </summary>
    public static bool IsOfUnfinishedCapture(string name) =>
        ((string[])[BuildPrefix, CopyPrefix]).Any(prefix =>
            name.StartsWith(prefix, StringComparison.Ordinal)
            && InstanceId.TryParse(name[prefix.Length..], out _, out _));

    public string IncomingImage(BaseKey key) => $"{Incoming}/{key}";

    /// <summary>Whether an entry of <see cref="Bases"/> is the remains of a build or deletion.
    /// </summary>
    public static bool IsRemains(string name) =>
        (name.StartsWith(BuildPrefix, StringComparison.Ordinal)
            && BaseKey.TryParse(name[BuildPrefix.Length..], out _, out _))
        || (name.StartsWith(TrashPrefix, StringComparison.Ordinal)
            && BaseKey.TryParse(name[TrashPrefix.Length..], out _, out _));
}

namespace NovaCow.Storage.Tests;

/// <summary>A mutation of the store: one of its syncs is left out.</summary>
/// <param name="Name">What is not synced.</param>
/// <param name="Operation">Which operation shows it.</param>
/// <param name="Forgets">Whether it is this one, by its path, at the moment it is due.</param>
internal sealed record ForgottenSync(string Name, string Operation, Func<string, bool> Forgets)
{
    private const string ARawBase = "a raw base", AClone = "a committed clone";
    private const string ADeletedInstance = "a deleted instance", ANewStore = "a new store";

    /// <summary>Whether only a start after a crash of the process relies on it.</summary>
    public bool IsOfStart { get; init; }

    /// <summary>The file systems that were seen to lose something without it. Both write one log
    /// for all: the sync of any file brings along every earlier change of names. And XFS writes
    /// out a file whose length was set.</summary>
    public IReadOnlyList<string> ShowsOn { get; init; } = ["ext4", "xfs"];

    public static IReadOnlyList<ForgottenSync> All { get; } =
    [
        new("a raw base's bytes", ARawBase, Is("base.raw")) { ShowsOn = ["ext4"] },
        new("a download's bytes", "a downloaded base", Is("base.raw")),
        new("a converted base's bytes", "a converted base", Is("base.raw")),
        new("a formatted base's bytes", "a formatted base", Is("base.raw")) { ShowsOn = [] },
        new("a base's record", ARawBase, Is("base.json")),
        new("a base's folder", ARawBase, IsBuild) { ShowsOn = [] },
        new("the bases' folder, for a new one", ARawBase, Is("bases")),
        new("the bases' folder, for a removed one", "a deleted base", Is("bases")),
        new("a disk's bytes", AClone, p => FileOf(p).StartsWith("root.", StringComparison.Ordinal))
        {
            ShowsOn = ["ext4"],
        },
        new("an instance's folder, for its disks", AClone, p => IsInstance(p) && !HasRecord(p))
        {
            ShowsOn = [],
        },
        new("an instance's record", AClone, Is("instance.json.tmp")),
        new("an instance's folder, for its record", AClone, p => IsInstance(p) && HasRecord(p))
        {
            ShowsOn = ["xfs"],
        },
        new("an instance's folder, for another record", "a record saved again", IsInstance)
        {
            ShowsOn = ["xfs"],
        },
        new("the instances' folder", AClone, Is("instances")) { ShowsOn = [] },
        new("an instance's folder, for its removal", ADeletedInstance, IsInstance),
        new("a store's record", ANewStore, Is("store.json.tmp")),
        new("a store's folder", ANewStore, Is("another")),
        new("the folder above a store", ANewStore, p => Directory.Exists($"{p}/another"))
        {
            ShowsOn = [],
        },
        new("the bases' folder, at a start", ARawBase, Is("bases")) { IsOfStart = true },
        new("an instance's folder, at a start", ADeletedInstance, IsInstance)
        {
            IsOfStart = true,
        },
        new("the instances' folder, at a start", AClone, Is("instances")) { IsOfStart = true },
        new("a store's folder, at a start", ANewStore, Is("another")) { IsOfStart = true },
    ];

    private static string FileOf(string path) => Path.GetFileName(path);

    private static Func<string, bool> Is(string name) => path => FileOf(path) == name;

    private static bool IsBuild(string path) =>
        FileOf(path).StartsWith(".build-", StringComparison.Ordinal);

    private static bool IsInstance(string path) => FileOf(path) == "vm-1";

    private static bool HasRecord(string folder) =>
        File.Exists(Path.Combine(folder, "instance.json"));
}

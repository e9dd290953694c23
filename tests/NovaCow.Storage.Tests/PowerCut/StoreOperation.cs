using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>
/// One thing that a store does. To have the power cut in another one, add it to <see cref="All"/>:
/// what it promises belongs into <see cref="StoreWork"/>, which keeps the ledger.
/// </summary>
/// <param name="Name">What it is called in results.</param>
/// <param name="Prepare">Brings about what it needs; may be repeated.</param>
/// <param name="Act">The thing itself; may be repeated until it succeeds.</param>
internal sealed record StoreOperation(
    string Name, Func<StoreWork, Task> Prepare, Func<StoreWork, Task> Act)
{
    /// <summary>Whether it takes a lease on a disk, as changes do. <see cref="LostWrites"/> has every
    /// file open, and so would be in its way.</summary>
    public bool TakesLease { get; init; }

    private const string Instance = "vm-1";
    private const long MiB = TestImages.MiB;

    public static IReadOnlyList<StoreOperation> All { get; } =
    [
        OfBase("a blank base", TestContent.Blank),
        OfBase("a formatted base", TestContent.Formatted),
        OfBase("a raw base", TestContent.Raw),
        OfBase("a downloaded base", TestContent.Download),
        OfBase("a converted base", TestContent.Converted),
        new("a committed clone", WithoutInstanceAsync, CommitAsync),
        new("a record saved again", WithInstanceAsync, work => work.SaveAgainAsync(Instance)),
        new(
            "a deleted instance", WithInstanceAsync, work => work.RemoveInstanceAsync(Instance)),
        new(
            "a deleted base",
            work => work.MakeBaseAsync(TestContent.Other),
            work => work.RemoveBaseAsync(TestContent.Other)),
        new(
            "a new store",
            work => work.RemoveStoreAsync("another"),
            work => work.MakeStoreAsync("another")),
        OfChange("a grown disk", new DiskChange.Grow(9 * MiB)),
        OfChange("a flattened disk", new DiskChange.Flatten()),
        OfChange("a rebased disk", null),
        new(
            "a rebuilt disk",
            WithInstanceAndNextBaseAsync,
            work => work.RebuildRootAsync(Instance, TestContent.Next))
        {
            TakesLease = true,
        },
        new("a captured disk", WithoutCaptureAsync, work => work.CaptureRootAsync(Instance))
        {
            TakesLease = true,
        },
        new("a removed capture", WithCaptureAsync, work => work.RemoveCapturesAsync())
        {
            TakesLease = true,
        },
    ];

    public static StoreOperation Of(string name) => All.Single(o => o.Name == name);

    private static StoreOperation OfBase(string name, string content) => new(
        name, work => work.RemoveBaseAsync(content), work => work.MakeBaseAsync(content));

    /// <summary>A rebase goes to another base; a driver without bases refuses it, and then there is
    /// nothing to cut.</summary>
    private static StoreOperation OfChange(string name, DiskChange? change) => new(
        name,
        WithInstanceAndNextBaseAsync,
        work => work.ChangeRootAsync(
            Instance,
            change ?? new DiskChange.Rebase(work.Contents[TestContent.Next].Key)))
    {
        TakesLease = true,
    };

    private static async Task WithoutInstanceAsync(StoreWork work)
    {
        await work.RemoveInstanceAsync(Instance);
        await work.MakeBaseAsync(TestContent.Kept);
    }

    private static Task CommitAsync(StoreWork work) => work.CommitAsync(
        Instance,
        work.Disk(TestContent.Kept, growth: 5 * MiB),
        work.Disk(TestContent.Kept, DiskName.Swap));

    private static async Task WithoutCaptureAsync(StoreWork work)
    {
        await WithInstanceAsync(work);
        await work.RemoveCapturesAsync();
    }

    private static async Task WithCaptureAsync(StoreWork work)
    {
        await WithInstanceAsync(work);
        await work.CaptureRootAsync(Instance);
    }

    private static async Task WithInstanceAndNextBaseAsync(StoreWork work)
    {
        await WithInstanceAsync(work);
        await work.MakeBaseAsync(TestContent.Next);
    }

    private static async Task WithInstanceAsync(StoreWork work)
    {
        await WithoutInstanceAsync(work);
        await CommitAsync(work);
    }
}

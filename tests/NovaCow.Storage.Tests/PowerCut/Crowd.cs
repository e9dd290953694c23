using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Workers on one store at the same time. Each has an instance, and some a base, that no
/// other touches; all clone the same base.</summary>
internal sealed class Crowd(StoreWork work)
{
    private const int Things = 4;

    private static readonly string[] s_bases =
    [
        TestContent.Raw, TestContent.Blank, TestContent.Download,
        TestContent.Formatted, TestContent.Other, TestContent.Converted,
    ];

    public async Task WorkAsync(int number, Random random)
    {
        for (var i = 0; i < Things; i++)
        {
            if (number < s_bases.Length && random.Next(2) == 0)
                await TurnBaseAsync(s_bases[number], random);
            else
                await TurnInstanceAsync($"crowd-{number}", random);
        }
    }

    private Task TurnBaseAsync(string name, Random random) =>
        random.Next(3) == 0 ? work.RemoveBaseAsync(name) : work.MakeBaseAsync(name);

    private Task TurnInstanceAsync(string id, Random random)
    {
        if (work.Ledger.Find(InstanceId.Parse(id)) is not { MustBe: true })
            return work.CommitAsync(id, work.Disk(TestContent.Kept, growth: TestImages.MiB));
        return random.Next(2) == 0 ? work.SaveAgainAsync(id) : work.RemoveInstanceAsync(id);
    }
}

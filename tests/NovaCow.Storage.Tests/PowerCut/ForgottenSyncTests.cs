using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>The teeth of the power cuts: a store that forgets one sync is found out.</summary>
public sealed class ForgottenSyncTests(TestContents contents) : IClassFixture<TestContents>
{
    /// <summary>Of fates by luck, each with a seed of its own: enough for what needs two bits of
    /// it.</summary>
    private const int Fates = 24;

    /// <summary>A real disk may be written to just in time, as by somebody's <c>sync</c>.
    /// </summary>
    private const int Tries = 5;

    public static TheoryData<string> Syncs => [.. ForgottenSync.All.Select(s => s.Name)];

    public static TheoryData<string, string> RealSyncs
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var sync in ForgottenSync.All.Where(s => !s.IsOfStart))
            {
                foreach (var type in sync.ShowsOn)
                    data.Add(type, sync.Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Syncs))]
    public async Task A_store_that_forgets_a_sync_is_found_out(string name)
    {
        for (var fate = 0; fate < Fates; fate++)
        {
            var random = new Random(fate);
            Func<bool> keeps = fate == 0 ? () => false : () => random.Next(2) == 0;
            if (await IsFoundOutAsync(LostWrites.Make(keeps), name))
                return;
        }

        Assert.Fail($"nothing shows that the sync of {name} is missing");
    }

    [Theory]
    [MemberData(nameof(RealSyncs))]
    public async Task A_store_that_forgets_a_sync_is_found_out_on_a_real_disk(
        string type, string name)
    {
        for (var i = 0; i < Tries; i++)
        {
            var disk = await LoopDisk.MakeAsync(type, LoopDisk.SmallestBytes(type));
            if (await IsFoundOutAsync(disk, name))
                return;
        }

        Assert.Fail($"nothing shows on {type} that the sync of {name} is missing");
    }

    private async Task<bool> IsFoundOutAsync(CutDisk disk, string name)
    {
        var sync = ForgottenSync.All.Single(s => s.Name == name);
        var operation = StoreOperation.Of(sync.Operation);
        await using var cuts = new PowerCuts(
            disk, DriverName.Qcow2, await contents.GetAsync(), sync.Forgets);
        for (var step = 0; ; step++)
        {
            var plan = sync.IsOfStart ? new CutPlan(0, Mishap.Crash, step) : new CutPlan(step);
            var result = await cuts.RunAsync(operation, plan);
            if (result.Violations.Count > 0)
                return true;
            if (!result.MishapReached
                || (!sync.IsOfStart && result.Cut == PowerCuts.AfterAcknowledgement))
            {
                return false;
            }
        }
    }
}

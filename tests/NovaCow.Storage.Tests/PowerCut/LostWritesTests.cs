using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>
/// Each thing that a store does on a disk that keeps nothing but what was synced, or that and some
/// of the rest in any order: the promise must not lean on the kindness of one file system.
/// </summary>
public sealed class LostWritesTests(TestContents contents) : IClassFixture<TestContents>
{
    private static readonly int s_seed = Environment.TickCount;

    public static TheoryData<string, string> Operations
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var operation in StoreOperation.All.Where(o => !o.TakesLease))
            {
                data.Add(DriverName.Qcow2, operation.Name);
                if (operation.Name.EndsWith("clone", StringComparison.Ordinal))
                    data.Add(DriverName.Copy, operation.Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_cut_before_any_step_takes_nothing_acknowledged(string driver, string name)
    {
        foreach (var keeps in Fates())
        {
            await using var cuts = await StartAsync(driver, keeps);
            for (var step = 0; ; step++)
            {
                var result = await RunAsync(cuts, name, new CutPlan(step));
                if (result.Cut == PowerCuts.AfterAcknowledgement)
                    break;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_cut_after_a_failed_step_and_another_try_takes_nothing(
        string driver, string name) =>
        await SweepMishapsAsync(driver, name, new CutPlan(CutPlan.Acknowledged, Mishap.Error));

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_cut_after_a_crash_and_a_start_takes_nothing_that_was_listed(
        string driver, string name) =>
        await SweepMishapsAsync(driver, name, new CutPlan(0, Mishap.Crash));

    /// <summary>Loses all it may, then things at random, in turn.</summary>
    private async Task SweepMishapsAsync(string driver, string name, CutPlan plan)
    {
        var random = new Random(s_seed);
        var step = 0;
        await using var cuts = await StartAsync(
            driver, () => step % 2 == 1 && random.Next(2) == 0);
        while ((await RunAsync(cuts, name, plan with { MishapStep = step })).MishapReached)
            step++;
    }

    private static Func<bool>[] Fates()
    {
        var random = new Random(s_seed);
        return [() => false, () => random.Next(2) == 0];
    }

    private async Task<PowerCuts> StartAsync(string driver, Func<bool> keeps) =>
        new(LostWrites.Make(keeps), driver, await contents.GetAsync());

    private static async Task<CutResult> RunAsync(PowerCuts cuts, string name, CutPlan plan)
    {
        var result = await cuts.RunAsync(StoreOperation.Of(name), plan);
        Assert.True(
            result.Violations.Count == 0,
            $"{name}, {plan}, cut {result.Cut}, seed {s_seed}: "
                + string.Join("; ", result.Violations));
        return result;
    }
}

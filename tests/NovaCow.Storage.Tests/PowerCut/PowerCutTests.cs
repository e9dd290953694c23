using System.Globalization;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>
/// Real file systems whose power is cut: at the steps of each thing that a store does, also after a
/// step has failed or the process has died, and at any moment while many work at once.
/// </summary>
/// <remarks>A few rounds here; <c>scripts/power-cuts.sh</c> asks for many, and then each operation
/// is cut before each of its steps.</remarks>
public sealed class PowerCutTests(TestContents contents) : IClassFixture<TestContents>
{
    private const string RoundsVariable = "NOVACOW_POWER_CUTS";
    private const string SeedVariable = "NOVACOW_POWER_CUTS_SEED";
    private const int FewRounds = 15;
    private const int MostSteps = 25;

    public static TheoryData<string, string> Disks => new()
    {
        { "xfs", DriverName.Qcow2 },
        { "xfs", DriverName.Reflink },
        { "xfs", DriverName.Copy },
        { "ext4", DriverName.Qcow2 },
    };

    [Theory]
    [MemberData(nameof(Disks))]
    public async Task What_was_acknowledged_is_whole_after_a_cut_and_the_rest_is_whole_or_gone(
        string type, string driver)
    {
        var isLong = Number(RoundsVariable) is not null;
        var rounds = (Number(RoundsVariable) + Disks.Count - 1) / Disks.Count ?? FewRounds;
        var seed = Number(SeedVariable) ?? Environment.TickCount;
        var random = new Random(seed);
        var tally = new SortedDictionary<string, int>(StringComparer.Ordinal);
        await using var cuts = new PowerCuts(
            await LoopDisk.MakeAsync(type, LoopDisk.SmallestBytes(type)),
            driver,
            await contents.GetAsync());
        var plans = isLong ? Sweep(random) : Sample(random);
        var round = 0;
        foreach (var (what, run) in plans.Take(rounds))
        {
            var result = await run(cuts);
            Assert.True(
                result.Violations.Count == 0,
                $"{driver} on {type}, seed {seed}, round {round}, {what}, cut {result.Cut}: "
                    + string.Join("; ", result.Violations));
            tally[Kind(result.Cut)] = tally.GetValueOrDefault(Kind(result.Cut)) + 1;
            round++;
        }

        if (isLong)
            Print(FormattableString.Invariant($"{driver} on {type}, seed {seed}"), round, tally);
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("ext4")]
    public async Task A_folder_is_not_taken_for_synced_after_its_file_system_has_shut_down(
        string type)
    {
        await using var disk = await LoopDisk.MakeAsync(type, LoopDisk.SmallestBytes(type));
        var files = new StoreFiles((step, _) =>
        {
            if (step == "fsync")
                disk.Cut();
        });
        files.MakeDirectory(Path.Combine(disk.Folder, "new"));
        Assert.Throws<StoreIoException>(() => files.SyncDirectory(disk.Folder));
    }

    /// <summary>Every operation before every step, then crowds and mishaps without end.</summary>
    private static IEnumerable<(string What, Func<PowerCuts, Task<CutResult>> Run)> Sweep(
        Random random)
    {
        foreach (var operation in StoreOperation.All)
        {
            var isDone = false;
            for (var step = 0; !isDone; step++)
            {
                var plan = new CutPlan(step);
                yield return ($"{operation.Name}, {plan}", async cuts =>
                {
                    var result = await cuts.RunAsync(operation, plan);
                    isDone = result.Cut == PowerCuts.AfterAcknowledgement;
                    return result;
                });
            }
        }

        foreach (var round in Sample(random))
            yield return round;
    }

    /// <summary>Operations in turn, each cut somewhere, and each fourth time a crowd.</summary>
    private static IEnumerable<(string What, Func<PowerCuts, Task<CutResult>> Run)> Sample(
        Random random)
    {
        for (var i = random.Next(StoreOperation.All.Count); ; i++)
        {
            if (random.Next(4) == 0)
                yield return ("many at once", cuts => cuts.RunCrowdAsync(random));
            var operation = StoreOperation.All[i % StoreOperation.All.Count];
            var plan = new CutPlan(
                random.Next(3) == 0 ? CutPlan.Acknowledged : random.Next(MostSteps),
                (Mishap)Math.Max(0, random.Next(5) - 2),
                random.Next(MostSteps));
            yield return ($"{operation.Name}, {plan}", cuts => cuts.RunAsync(operation, plan));
        }
    }

    /// <summary>A step without the names of things.</summary>
    private static string Kind(string cut)
    {
        var words = cut.Split(' ', 2);
        if (words.Length < 2 || cut.StartsWith("a", StringComparison.Ordinal))
            return cut;
        var name = words[1];
        var kind = name switch
        {
            _ when name.StartsWith(".build-", StringComparison.Ordinal) => "a base being built",
            _ when name.StartsWith(".trash-", StringComparison.Ordinal) => "a base being removed",
            _ when BaseKey.TryParse(name, out _, out _) => "a base",
            _ when name.StartsWith("vm-", StringComparison.Ordinal)
                || name.StartsWith("crowd-", StringComparison.Ordinal) => "an instance",
            _ => name,
        };
        return $"before {words[0]} of {kind}";
    }

    private static int? Number(string variable) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var n)
            ? n
            : null;

    private static void Print(string what, int rounds, SortedDictionary<string, int> tally)
    {
        var lines = tally.Select(t => FormattableString.Invariant($"  {t.Value,5} {t.Key}"));
        Console.Out.WriteLine(
            FormattableString.Invariant($"{what}: {rounds} rounds, no violation; cuts:\n")
                + string.Join('\n', lines));
    }
}

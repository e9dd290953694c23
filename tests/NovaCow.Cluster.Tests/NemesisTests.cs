using NovaCow.Nemesis;
using NovaCow.Nemesis.Schedules;

namespace NovaCow.Cluster.Tests;

/// <summary>A few schedules of faults; <c>scripts/nemesis.sh</c> runs as many as one has time for.
/// </summary>
public sealed class NemesisTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(3, NetworkKind.Proxies)]
    [InlineData(11, NetworkKind.Proxies)]
    [InlineData(1001, NetworkKind.Namespaces)]
    public async Task Nothing_is_lost_doubled_or_left_behind_whatever_a_schedule_of_faults_does(
        int seed, NetworkKind network)
    {
        await using var told = new StringWriter();
        var options = FaultSchedules.WithAllThereIs(new NemesisOptions { Seed = seed }) with
        {
            Network = network,
        };
        Assert.SkipWhen(
            FaultSchedules.WhyNot(options) is not null, FaultSchedules.WhyNot(options) ?? "");
        var violations = await new FaultSchedules(options, told)
            .RunAsync(TestContext.Current.CancellationToken);
        output.WriteLine(told.ToString());
        Assert.True(violations.Count == 0, told.ToString());
    }

    [Fact]
    public void A_seed_gives_the_same_schedule_every_time()
    {
        var shape = new FleetShape { HasDatabase = true, SmallHost = "host-3" };
        for (var seed = 0; seed < 1_000; seed++)
        {
            var (once, again) = (
                ScheduleGenerator.Generate(seed, shape), ScheduleGenerator.Generate(seed, shape));
            Assert.Equal(once.Steps, again.Steps);
            Assert.InRange(once.Length, TimeSpan.Zero, TimeSpan.FromSeconds(16));
        }
    }

    [Fact]
    public void A_schedule_names_only_what_its_fleet_has()
    {
        var faults = Enumerable.Range(0, 1_000)
            .SelectMany(seed => ScheduleGenerator.Generate(seed, new FleetShape()).Steps)
            .Select(step => step.Fault)
            .ToList();
        Assert.DoesNotContain(faults, f => f is Fault.LoseDatabase or Fault.FillDisk
            or Fault.Cut { To: Parts.Database });
        Assert.Contains(faults, f => f is Fault.Cut { Way: CutWay.Back });
        Assert.Contains(faults, f => f is Fault.Pause { Node: Parts.Leader });
    }
}

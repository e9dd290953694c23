using System.Text.Json;

namespace NovaCow.Simulation.Tests;

public sealed class SimulatorTests
{
    private static SimulationReport Run(SimulationSettings settings) =>
        Simulator.Compare(settings, SimulatedPolicy.All, TimeProvider.System).Report;

    private static string Json(SimulationReport report) => JsonSerializer.Serialize(report);

    public static TheoryData<string> Policies() => [.. SimulatedPolicy.All.Select(p => p.Name)];

    [Fact]
    public void The_same_seed_gives_the_same_report_to_the_byte_and_another_seed_another()
    {
        var first = Json(Run(Given.Small));
        Assert.Equal(first, Json(Run(Given.Small)));
        Assert.NotEqual(first, Json(Run(Given.Small with { Seed = 2 })));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Every_launch_ends_once_and_every_byte_fetched_was_delivered(string name)
    {
        var policy = SimulatedPolicy.All.Single(p => p.Name == name);
        var workload = Workload.Draw(Given.Small);
        var run = new SimulationRun(
            Given.Small, workload, policy.Create(Given.Small.Seed), TimeProvider.System);
        run.Run();

        Assert.Equal(workload.Arrivals.Sum(a => a.LifetimeSeconds.Count), run.Measured.Came);
        Assert.Equal(run.Measured.Came, run.Measured.Ended);
        Assert.True(workload.Outages.Count > 10, "hosts fail");
        Assert.InRange(
            run.BytesDelivered - run.BytesFetched, -1e-6 * run.BytesFetched - 1_000,
            1e-6 * run.BytesFetched + run.BytesUnderWay + 1_000);
        var report = run.Measured.Report(name, run.BytesFetched);
        Assert.Equal(report.Launches, report.AllReadySeconds.Count + report.Failed);
        Assert.InRange(report.WarmShare, 0, 1);
    }

    [Fact]
    public void Every_policy_meets_the_same_launches()
    {
        var report = Run(Given.Small);
        Assert.Single(report.Policies.Select(p => p.Launches).Distinct());
    }

    [Fact]
    public void The_product_s_default_has_more_warm_launches_and_fetches_less_than_its_peers()
    {
        var report = Run(Given.Small);
        var own = report.Policies.Single(p => p.Policy == SimulatedPolicy.ReadyTime.Name);
        var peer = report.Policies.Single(p => p.Policy == SimulatedPolicy.ImageLocality.Name);
        Assert.True(own.WarmShare > peer.WarmShare);
        Assert.True(own.BytesFetched < peer.BytesFetched);
    }

    [Fact]
    public void A_plot_has_a_line_and_a_legend_for_each_policy()
    {
        var report = Run(Given.Small);
        var svg = System.Xml.Linq.XDocument.Parse(ReadyTimePlot.Draw(report));
        Assert.Equal(
            report.Policies.Count, svg.Descendants().Count(e => e.Name.LocalName == "polyline"));
        foreach (var policy in report.Policies)
            Assert.Contains(svg.Descendants(), e => e.Value == policy.Policy);
    }

    [Fact]
    public void A_few_launches_are_measured_as_well_and_none_give_no_figures()
    {
        var few = Run(Given.Small with { Launches = 5, BurstEveryMinutes = 0 });
        Assert.All(few.Policies, p => Assert.InRange(p.Launches, 1, 5));
        var none = Run(Given.Small with { Load = 0, BurstEveryMinutes = 0 });
        Assert.All(none.Policies, p => Assert.Null(p.Ready));
        Assert.Contains("\"Ready\":null", Json(none));
    }
}

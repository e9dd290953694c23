namespace NovaCow.Simulation;

/// <summary>Runs the product's scheduler over a model of a fleet, and compares ways to choose
/// hosts.</summary>
public static class Simulator
{
    /// <summary>Simulates the same fleet and load by each policy.</summary>
    /// <param name="settings">The fleet and the load.</param>
    /// <param name="policies">By what hosts are chosen.</param>
    /// <param name="clock">Measures what decisions take; nothing else comes from it.</param>
    /// <param name="begins">Told each policy before it is run.</param>
    /// <exception cref="ArgumentException">The settings have a
    /// <see cref="SimulationSettings.Problem"/>.</exception>
    public static SimulationOutcome Compare(
        SimulationSettings settings,
        IEnumerable<SimulatedPolicy> policies,
        TimeProvider clock,
        Action<SimulatedPolicy>? begins = null)
    {
        if (settings.Problem() is { } problem)
            throw new ArgumentException(problem, nameof(settings));
        var workload = Workload.Draw(settings);
        List<PolicyReport> reports = [];
        List<DecisionMicroseconds> decisions = [];
        foreach (var policy in policies)
        {
            begins?.Invoke(policy);
            var run = new SimulationRun(settings, workload, policy.Create(settings.Seed), clock);
            run.Run();
            reports.Add(run.Measured.Report(policy.Name, run.BytesFetched));
            decisions.Add(run.Measured.Decisions(policy.Name));
        }

        return new SimulationOutcome(new SimulationReport(settings, reports), decisions);
    }
}

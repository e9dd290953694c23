using System.Diagnostics;
using System.Globalization;
using NovaCow.Client;
using NovaCow.Testing.Postgres;

namespace NovaCow.Benchmarks.Node;

/// <summary>How long three control nodes take to form, and how long no launch is acknowledged by
/// the others when the one that leads is killed, paused or stopped.</summary>
internal static class ControlFailover
{
    private const int Rounds = 5;
    private static readonly TimeSpan TryAgain = TimeSpan.FromMilliseconds(5);

    public static async Task RunAsync()
    {
        await using var postgres = PrivatePostgres.Unavailable is null
            ? await PrivatePostgres.StartAsync()
            : null;
        Console.WriteLine(postgres is null
            ? $"three control nodes over SQLite ({PrivatePostgres.Unavailable}):"
            : "three control nodes over PostgreSQL:");
        List<double> formed = [];
        for (var round = 0; round < Rounds; round++)
        {
            await using var trio = await ControlTrio.StartAsync(postgres, $"formed{round}");
            formed.Add(trio.FormedAfter.TotalSeconds);
        }

        Print("three nodes formed", formed, aim: 2);
        await using var nodes = await ControlTrio.StartAsync(postgres, "failover");
        await nodes.RegisterAsync();
        Print("leader killed", await MeasureAsync(nodes, n => n.KillAsync()), aim: 5);
        Print("leader paused", await MeasureAsync(nodes, n => n.SignalAsync("STOP")), aim: 5);
        Print("leader stopped", await MeasureAsync(nodes, n => n.SignalAsync("TERM")), aim: 1);
    }

    private static async Task<List<double>> MeasureAsync(
        ControlTrio nodes, Func<Cluster.Tests.Harness.NodeProcess, Task> fault)
    {
        List<double> seconds = [];
        for (var round = 0; round < Rounds; round++)
        {
            var leader = await nodes.LeaderAsync();
            var other = nodes.Names.First(n => n != leader);
            await LaunchAsync(nodes, other);
            var begun = Stopwatch.GetTimestamp();
            await fault(nodes.Process(leader));

            // What a client sees: its next request is answered by the next leader.
            await UntilAnotherLeadsAsync(nodes, leader);
            await LaunchAsync(nodes, other);
            seconds.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            await nodes.RestartAsync(leader);
        }

        return seconds;
    }

    private static async Task UntilAnotherLeadsAsync(ControlTrio nodes, string before)
    {
        while (await nodes.LeaderAsync() == before)
            await Task.Delay(TryAgain);
    }

    private static async Task LaunchAsync(ControlTrio nodes, string node)
    {
        var request = new LaunchRequest
        {
            Image = ControlTrio.Image,
            Flavor = "m1.tiny",
            Ids = [$"vm-{Guid.NewGuid():N}"],
        };
        while (true)
        {
            try
            {
                await nodes.Client(node).LaunchAsync(request, null, default);
                return;
            }
            catch (NovaCowException e) when (e.Problem.Status is 0 or 503)
            {
                await Task.Delay(TryAgain);
            }
        }
    }

    private static void Print(string what, List<double> seconds, double aim)
    {
        seconds.Sort();
        var worst = seconds[^1];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {what,-18} median {seconds[seconds.Count / 2]:N2} s, worst {worst:N2} s of "
                + $"{seconds.Count}; aim {aim:N0} s: {worst / aim:N2} of it"));
    }
}

namespace NovaCow.Nemesis.Schedules;

/// <summary>Makes a schedule of a seed: the same one every time. It does nothing itself.</summary>
public static class ScheduleGenerator
{
    private const int LeastFaults = 3;
    private const int MostFaults = 6;
    private const double FirstAt = 0.5;
    private const double LastAt = 7.5;

    /// <param name="seed">Anything.</param>
    /// <param name="shape">The fleet; a schedule names nothing that it does not have.</param>
    public static Schedule Generate(int seed, FleetShape shape)
    {
        var random = new Random(seed);
        var count = random.Next(LeastFaults, MostFaults + 1);
        var steps = new List<Step>(count);
        for (var i = 0; i < count; i++)
        {
            var at = Between(random, FirstAt, LastAt);
            var (fault, least, most) = Choose(random, shape);
            steps.Add(new Step(at, fault, Between(random, least, most)));
        }

        return new Schedule(seed, [.. steps.OrderBy(s => s.At)]);
    }

    // Pauses and cuts are longer than the lease and the links' patience, and at times shorter.
    private static (Fault Fault, double Least, double Most) Choose(
        Random random, FleetShape shape) => random.Next(100) switch
        {
            < 22 => (new Fault.Kill(Node(random, shape)), 0, 4),
            < 30 => (new Fault.Stop(Node(random, shape)), 0, 3),
            < 48 => (new Fault.Pause(Node(random, shape)), 0.5, 6),
            < 84 => (Cut(random, shape), 0.5, 8),
            < 94 when shape.HasDatabase => (new Fault.LoseDatabase(random.Next(2) == 0), 0, 4),
            _ when shape.SmallHost is { } host => (new Fault.FillDisk(host), 1, 5),
            _ => (new Fault.Kill(Parts.Leader), 0, 4),
        };

    private static Fault.Cut Cut(Random random, FleetShape shape)
    {
        var way = (CutWay)random.Next(4);
        return random.Next(shape.HasDatabase ? 6 : 4) switch
        {
            0 => new Fault.Cut(Host(random, shape), Parts.Leader, way),
            1 => new Fault.Cut(Parts.Hosts, Parts.Leader, way),
            2 => new Fault.Cut(Host(random, shape), Parts.Controls, way),
            3 => new Fault.Cut(Control(random, shape), Parts.Controls, way),
            4 => new Fault.Cut(Parts.Leader, Parts.Database, way),
            _ => new Fault.Cut(Control(random, shape), Parts.Database, way),
        };
    }

    private static string Node(Random random, FleetShape shape) => random.Next(10) switch
    {
        < 4 => Parts.Leader,
        < 6 => Control(random, shape),
        _ => Host(random, shape),
    };

    private static string Control(Random random, FleetShape shape) =>
        Parts.Control(random.Next(shape.Controls) + 1);

    private static string Host(Random random, FleetShape shape) =>
        Parts.Host(random.Next(shape.Hosts) + 1);

    private static TimeSpan Between(Random random, double least, double most) =>
        TimeSpan.FromSeconds(least + (random.NextDouble() * (most - least)));
}

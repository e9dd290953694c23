using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Simulation.Tests;

/// <summary>Placement finds by an index what a look at every host would find.</summary>
public sealed class PlacementIndexTests
{
    private const int Fleets = 3_000;

    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Image[] s_images = [.. Enumerable.Range(0, 6).Select(Given.Image)];

    [Fact]
    public void The_chosen_host_has_the_least_weight_of_all_that_can_take_the_launch()
    {
        for (var seed = 0; seed < Fleets; seed++)
        {
            var random = new Random(seed);
            var rules = new PlacementRules
            {
                CrowdingSeconds = random.Next(3) * 10,
                TrafficRatio = random.Next(3) * 0.5,
            };
            var fleet = new Fleet(rules);
            var hosts = random.Next(1, 200);
            for (var i = 0; i < hosts; i++)
                fleet.Put(Draw(random, i));
            for (var change = 0; change < 20; change++)
            {
                Choose(random, fleet, rules, seed);
                fleet.Put(Draw(random, random.Next(hosts)), s_images.Select(i => i.BaseKey()));
                if (change == 10)
                    fleet.Remove(HostId.Parse($"host-{random.Next(hosts)}"), []);
            }
        }
    }

    private static void Choose(Random random, Fleet fleet, PlacementRules rules, int seed)
    {
        var flavor = Workload.Flavors[random.Next(Workload.Flavors.Length)];
        var request = new PlacementRequest(
            InstanceId.Parse("vm"),
            new LaunchSpec(s_images[random.Next(s_images.Length)], flavor),
            random.Next(4) == 0 ? [HostId.Parse($"host-{random.Next(20)}")] : []);

        var chosen = PlacementPolicy.Choose(request, fleet, rules, s_now) as Placement.Chosen;

        var first = PlacementPolicy.Explain(request, fleet, rules, s_now).FirstOrDefault();
        var best = first is { FilteredBecause: null } ? first : null;
        Assert.True(
            best?.Host == chosen?.Host,
            $"seed {seed}: chose {chosen?.Terms}, but the best is {best}");
    }

    private static HostView Draw(Random random, int number) =>
        Given.Host($"host-{number}") with
        {
            Status = random.Next(10) == 0 ? HostStatus.Disconnected : HostStatus.Up,
            Capacity = new HostCapacity(
                32, (random.Next(20) == 0 ? 1 : 192) * Given.GiB, 4_096 * Given.GiB),
            Claims = Claimed(random.Next(4) == 0 ? 144 : random.Next(144)),
            Bases = Some(random, 3).ToDictionary(i => i.BaseKey(), i => Report(random, i)),
            Expected = Some(random, 8).ToDictionary(
                i => i.BaseKey(), i => new Expected(i, random.Next(1, 4))),
            Queue = random.Next(3) * random.Next(50),
            Paces = random.Next(5) == 0 ? HostPaces.Unknown : new HostPaces
            {
                FetchBytesPerSecond = new Dictionary<string, double>
                {
                    [$"source-{random.Next(2)}"] = random.Next(50, 1_000) * 1e6,
                },
                BuildBytesPerSecond = random.Next(2) == 0 ? null : random.Next(100, 800) * 1e6,
                CloneSeconds = random.Next(2) == 0 ? null : random.Next(5, 30) * 1e-3,
                StartSeconds = random.Next(3) == 0 ? random.NextDouble() : null,
            },
            Backlog = random.Next(2) == 0
                ? default
                : new Backlog(
                    random.Next(4), random.Next(9) * Given.GiB, random.Next(9) * Given.GiB),
        };

    private static Claims Claimed(int instances) => new(
        instances, instances, instances * 2 * Given.GiB, instances * Given.GiB);

    private static IEnumerable<Image> Some(Random random, int oneOf) =>
        s_images.Where(_ => random.Next(oneOf) == 0).ToList();

    private static BaseReport Report(Random random, Image image) => new()
    {
        Key = image.BaseKey(),
        State = random.Next(4) switch
        {
            0 => BaseState.Creating,
            1 => BaseState.Failed,
            _ => BaseState.Ready,
        },
        Title = image.Name.Value,
        VirtualSizeBytes = image.VirtualSizeBytes,
        Step = (BaseStep)random.Next(4),
        DoneBytes = random.Next(3) * Given.GiB / 4,
        RetryAt = random.Next(2) == 0 ? null : s_now.AddSeconds(random.Next(-5, 20)),
    };
}

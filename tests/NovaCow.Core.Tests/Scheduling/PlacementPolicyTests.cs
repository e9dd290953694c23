using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class PlacementPolicyTests
{
    private static readonly PlacementRules Rules = new();
    private static readonly BaseReport Ready = Given.Base(Given.Image(), BaseState.Ready);
    private static readonly BaseReport Creating = Given.Base(Given.Image(), BaseState.Creating);

    private static Placement Choose(params HostView[] hosts) =>
        PlacementPolicy.Choose(Request(), Given.Fleet(Rules, hosts), Rules, Given.Start);

    private static PlacementRequest Request(params string[] failedOn) =>
        new(Given.Id("vm"), Given.Spec(), [.. failedOn.Select(Given.Host)]);

    private static string Chosen(params HostView[] hosts) =>
        Assert.IsType<Placement.Chosen>(Choose(hosts)).Host.Value;

    [Fact]
    public void Warm_comes_before_fetching_before_cold_before_failing()
    {
        var failing = Ready with { State = BaseState.Failed, RetryAt = Given.Start.AddMinutes(1) };
        var warm = Given.View("d", 3, bases: Ready);
        var fetching = Given.View("c", 2, bases: Creating);
        var cold = Given.View("b", 1);
        var failed = Given.View("a", 0, bases: failing);

        Assert.Equal("d", Chosen(failed, cold, fetching, warm));
        Assert.Equal("c", Chosen(failed, cold, fetching));
        Assert.Equal("b", Chosen(failed, cold));
        Assert.Equal("a", Chosen(failed));
    }

    [Fact]
    public void A_failed_base_counts_as_cold_once_it_may_be_tried_again()
    {
        var past = Ready with { State = BaseState.Failed, RetryAt = Given.Start };
        Assert.Equal("a", Chosen(Given.View("a", bases: past), Given.View("b")));
    }

    [Fact]
    public void Among_equal_caches_the_emptiest_wins_and_then_the_first_by_id()
    {
        Assert.Equal("b", Chosen(Given.View("a", 2), Given.View("b", 1), Given.View("c", 1)));
        Assert.Equal("a", Chosen(Given.View("c"), Given.View("a"), Given.View("b")));
    }

    [Fact]
    public void A_warm_cache_is_worth_what_a_fetch_costs_against_what_crowding_costs()
    {
        // 64 MiB to fetch take 1 s and 1 GiB to write 2 s, and the traffic weighs half of that.
        var small = new HostCapacity(10, 1_000 * Given.GiB, 10_000 * Given.GiB);
        var warm = (int launches) => Given.View("b", launches, capacity: small, bases: Ready);

        Assert.Equal("b", Chosen(Given.View("a"), warm(20)));
        Assert.Equal("a", Chosen(Given.View("a"), warm(30)));
    }

    [Fact]
    public void A_fetch_that_is_nearly_done_comes_before_one_that_begins()
    {
        var nearly = Creating with
        {
            Step = BaseStep.Building,
            DoneBytes = Given.GiB - 1,
        };
        Assert.Equal("c", Chosen(
            Given.View("a"), Given.View("b", bases: Creating), Given.View("c", bases: nearly)));
    }

    [Fact]
    public void The_host_that_fetches_and_builds_faster_is_chosen_for_a_cold_image()
    {
        var slow = new HostPaces
        {
            FetchBytesPerSecond = new Dictionary<string, double> { ["file"] = 1 << 20 },
            BuildBytesPerSecond = 1 << 28,
        };
        var fast = slow with
        {
            FetchBytesPerSecond = new Dictionary<string, double> { ["file"] = 1 << 28 },
        };
        Assert.Equal("b", Chosen(
            Given.View("a") with { Paces = slow }, Given.View("b") with { Paces = fast }));
    }

    [Fact]
    public void Fetches_that_go_on_there_already_count_against_a_host()
    {
        var busy = Given.View("a") with { Backlog = new Backlog(1, 64 << 20, Given.GiB) };
        Assert.Equal("b", Chosen(busy, Given.View("b")));
        var full = busy with { Backlog = new Backlog(2, 128 << 20, 2 * Given.GiB) };
        Assert.Equal("a", Chosen(busy, full with { Id = Given.Host("b") }));
    }

    [Fact]
    public void Spread_takes_the_emptiest_and_pack_the_fullest_that_has_room()
    {
        var capacity = new HostCapacity(1, 1_000 * Given.GiB, 1_000 * Given.GiB);
        HostView[] hosts =
        [
            Given.View("a", 3, capacity: capacity, bases: Ready),
            Given.View("b", 2, capacity: capacity),
            Given.View("c", 16, capacity: capacity),
        ];

        Assert.Equal("b", By(PlacementPreference.Spread));
        Assert.Equal("a", By(PlacementPreference.Pack));

        string By(PlacementPreference preference)
        {
            var rules = Rules with { Preference = preference };
            return Assert.IsType<Placement.Chosen>(PlacementPolicy.Choose(
                Request(), Given.Fleet(rules, hosts), rules, Given.Start)).Host.Value;
        }
    }

    [Fact]
    public void Spread_prefers_the_warm_one_of_equals()
    {
        var rules = Rules with { Preference = PlacementPreference.Spread };
        var fleet = Given.Fleet(
            rules, Given.View("a", 1), Given.View("b", 1, bases: Ready), Given.View("c", 2));
        Assert.Equal("b", Assert.IsType<Placement.Chosen>(PlacementPolicy.Choose(
            Request(), fleet, rules, Given.Start)).Host.Value);
    }

    [Theory]
    [InlineData(1, 1_000, 1_000, "vCPUs")]
    [InlineData(1_000, 1, 1_000, "bytes of memory")]
    [InlineData(1_000, 1_000, 1, "bytes of disk")]
    public void A_full_host_is_filtered_with_what_it_lacks(
        int vcpus, long memoryGiB, long diskGiB, string lacks)
    {
        var capacity = new HostCapacity(vcpus, memoryGiB * Given.GiB, diskGiB * Given.GiB);
        var full = Given.View("a", 100, capacity: capacity);

        var none = Assert.IsType<Placement.NoValidHost>(Choose(full));

        Assert.Contains(lacks, none.Because());
        Assert.Contains("a: needs", none.Because());
        Assert.False(none.IsFinal);
    }

    [Fact]
    public void Promises_reach_to_the_overcommit_ratio_and_not_beyond()
    {
        var capacity = new HostCapacity(2, 1_000 * Given.GiB, 1_000 * Given.GiB);
        Assert.Equal("a", Chosen(Given.View("a", 31, capacity: capacity)));
        Assert.IsType<Placement.NoValidHost>(Choose(Given.View("a", 32, capacity: capacity)));
    }

    [Fact]
    public void Hosts_that_are_away_or_failed_at_it_are_filtered_and_named()
    {
        var none = Assert.IsType<Placement.NoValidHost>(PlacementPolicy.Choose(
            Request("c"),
            Given.Fleet(
                Rules,
                Given.View("a", status: HostStatus.Disconnected),
                Given.View("b", status: HostStatus.Unreachable),
                Given.View("c")),
            Rules,
            Given.Start));

        Assert.Equal(
            ["disconnected", "unreachable", "it failed at this launch already"],
            none.Reasons.Select(r => r.FilteredBecause));
        Assert.False(none.IsFinal);
    }

    [Fact]
    public void It_is_final_when_every_host_that_can_be_reached_failed_at_it()
    {
        var none = Assert.IsType<Placement.NoValidHost>(PlacementPolicy.Choose(
            Request("a"),
            Given.Fleet(
                Rules, Given.View("a"), Given.View("b", status: HostStatus.Unreachable)),
            Rules,
            Given.Start));
        Assert.True(none.IsFinal);
    }

    [Fact]
    public void A_cluster_without_hosts_says_so()
    {
        var none = Assert.IsType<Placement.NoValidHost>(Choose());
        Assert.Contains("no host has joined", none.Because());
    }

    [Fact]
    public void The_explanation_lists_the_choice_first_and_the_filtered_last()
    {
        var terms = PlacementPolicy.Explain(
            Request(),
            Given.Fleet(
                Rules,
                Given.View("a", status: HostStatus.Disconnected),
                Given.View("b"),
                Given.View("c", bases: Ready)),
            Rules,
            Given.Start);

        Assert.Equal(["c", "b", "a"], terms.Select(t => t.Host.Value));
        Assert.Equal(CacheTemperature.Warm, terms[0].Temperature);
        Assert.Equal("disconnected", terms[2].FilteredBecause);
    }

    [Fact]
    public void A_burst_fills_the_warm_host_until_crowding_costs_what_a_fetch_does()
    {
        var core = Given.Scheduler(null, "a", "b", "c");
        core.BaseChanged(Given.Host("b"), Ready, Given.Start);
        core.Launch(Burst());
        Assert.Equal([0, 60, 0], core.Hosts().Select(h => h.Claims.Launches));
    }

    [Fact]
    public void A_burst_spreads_over_small_hosts_though_only_one_is_warm()
    {
        var core = Given.Scheduler(null);
        foreach (var host in (string[])["a", "b", "c"])
        {
            core.Hello(
                Given.Facts(host) with
                {
                    Capacity = new HostCapacity(2, 100 * Given.GiB, 1_000 * Given.GiB),
                },
                Given.Start);
        }

        core.BaseChanged(Given.Host("b"), Ready, Given.Start);
        core.Launch(Burst());

        var launches = core.Hosts().Select(h => h.Claims.Launches).ToList();
        Assert.Equal(60, launches.Sum());
        Assert.True(launches[1] > launches[0] && launches[1] > launches[2]);
        Assert.All(launches, n => Assert.InRange(n, 10, 32));
    }

    private static string[] Burst() => [.. Enumerable.Range(0, 60).Select(i => $"vm-{i}")];

    [Fact]
    public void A_few_launches_on_a_cold_cluster_share_one_download()
    {
        var core = Given.Scheduler(null, "a", "b", "c");
        core.Launch("vm-1", "vm-2", "vm-3", "vm-4", "vm-5");
        Assert.Equal([5, 0, 0], core.Hosts().Select(h => h.Claims.Launches));
    }

    [Fact]
    public void A_choice_and_its_explanation_agree_whatever_the_hosts()
    {
        var random = new Random(20260101);
        BaseReport[][] caches = [[], [Ready], [Creating]];
        for (var round = 0; round < 5_000; round++)
        {
            var hosts = Enumerable.Range(0, random.Next(1, 8)).Select(i => Given.View(
                $"h{i}",
                random.Next(0, 20),
                (HostStatus)random.Next(0, 2),
                new HostCapacity(random.Next(0, 3), 100 * Given.GiB, 100 * Given.GiB),
                caches[random.Next(caches.Length)])).ToArray();

            var rules = new PlacementRules
            {
                Preference = (PlacementPreference)random.Next(0, 3),
                CrowdingSeconds = random.Next(0, 2) * 100,
            };
            var fleet = Given.Fleet(rules, hosts);

            var first = PlacementPolicy.Explain(Request(), fleet, rules, Given.Start)[0];
            var chosen =
                PlacementPolicy.Choose(Request(), fleet, rules, Given.Start) as Placement.Chosen;

            Assert.Equal(first.FilteredBecause is null ? first.Host : null, chosen?.Host);
        }
    }
}

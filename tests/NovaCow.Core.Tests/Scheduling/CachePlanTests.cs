using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Who is asked for copies, and which copies are kept.</summary>
public sealed class CachePlanTests
{
    private static readonly Image Debian = Given.Image();
    private static readonly BaseKey Key = Debian.BaseKey();
    private static readonly CacheRules Rules = new();

    [Fact]
    public void Missing_copies_are_ordered_from_the_hosts_with_the_fewest_fetches_then_copies()
    {
        var other = Given.Image("other", 2);
        CacheHost[] hosts =
        [
            Host("a", Base(other, BaseState.Creating)), Host("b", Base(other, BaseState.Ready)),
            Host("c"), Host("d"),
        ];
        Assert.Equal(["c", "d", "b"], Ordered(hosts, Wish(3), new CacheWish { Parts = [other] }));
    }

    [Fact]
    public void What_is_there_or_being_made_is_not_ordered_again()
    {
        CacheHost[] hosts =
        [
            Host("a", Base(Debian, BaseState.Ready)), Host("b", Base(Debian, BaseState.Creating)),
            Host("c") with { Ordered = new HashSet<BaseKey> { Key } },
            Host("d") with { Expected = new Dictionary<BaseKey, Expected> { [Key] = new(Debian, 1) } },
            Host("e"),
        ];
        Assert.Empty(Ordered(hosts, Wish(4)));
        Assert.Equal(["e"], Ordered(hosts, Wish(5)));
    }

    [Fact]
    public void Each_thing_that_keeps_a_host_from_being_asked_is_said()
    {
        Assert.Equal("cordoned", Why(Host("a") with { ClosedBecause = "cordoned" }));
        Assert.Contains("launches wait", Why(Host("a") with
        {
            Expected = new Dictionary<BaseKey, Expected>
            {
                [Given.Image("x", 3).BaseKey()] = new(Given.Image("x", 3), 1),
            },
        }));
        Assert.Contains("100 can be freed", Why(Host("a") with { RoomBytes = 100 }));
        Assert.Contains("2 other copies", Why(Host("a") with
        {
            Ordered = new HashSet<BaseKey>
            {
                Given.Image("x", 3).BaseKey(), Given.Image("y", 4).BaseKey(),
            },
        }));
        Assert.Contains("it broke", Why(Host("a", Base(Debian, BaseState.Failed) with
        {
            Error = Given.Error(true),
            RetryAt = Given.Start.AddSeconds(1),
        })));
        Assert.Null(CachePlan.Shortfall(
            Wish(1), [Host("a", Base(Debian, BaseState.Ready))], Rules, Given.Start));

        static string Why(CacheHost host)
        {
            Assert.Empty(Ordered([host], Wish(1)));
            return CachePlan.Shortfall(Wish(1), [host], Rules, Given.Start)!
                .Replace("1 more wanted: 1 hosts: ", "", StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_failed_copy_is_tried_elsewhere_and_later_there_again()
    {
        var failed = Host("a", Base(Debian, BaseState.Failed) with
        {
            Error = Given.Error(true),
            RetryAt = Given.Start,
        });
        Assert.Equal(["b"], Ordered([failed, Host("b")], Wish(1)));
        Assert.Equal(["a"], Ordered([failed], Wish(1)));
    }

    [Fact]
    public void One_source_serves_only_so_many_at_a_time_and_files_any_number()
    {
        var remote = Debian with { Source = new Uri("https://images.example/debian") };
        CacheHost[] hosts = [.. Enumerable.Range(0, 20).Select(i => Host($"h{i:00}"))];
        var wish = new CacheWish { Parts = [remote], Copies = 20 };
        Assert.Equal(Rules.MaxPerSource, Ordered(hosts, wish).Count);
        hosts[0] = Host("h00", Base(remote, BaseState.Creating));
        Assert.Equal(Rules.MaxPerSource - 1, Ordered(hosts, wish).Count);
        Assert.Equal(20, Ordered([.. hosts.Skip(1), Host("h99")], Wish(20)).Count);
    }

    [Fact]
    public void Named_hosts_get_theirs_and_count_for_the_number()
    {
        CacheHost[] hosts = [Host("a"), Host("b"), Host("c")];
        var wish = Wish(2) with { Hosts = [Given.Host("c"), Given.Host("gone")] };
        Assert.Equal(["c", "a"], Ordered(hosts, wish));
        Assert.Equal("gone: never joined", CachePlan.Shortfall(
            wish with { Copies = 0 },
            [Host("c", Base(Debian, BaseState.Ready))], Rules, Given.Start));
    }

    [Fact]
    public void An_image_is_copied_with_what_it_boots_with()
    {
        var kernel = Given.Image("vmlinuz", 5) with { Format = DiskFormat.Aki };
        var wish = new CacheWish { Parts = [Debian, kernel], Copies = 1 };
        var plan = CachePlan.Decide(
            [wish], [Host("a", Base(Debian, BaseState.Ready)), Host("b")], Rules, Given.Start);
        Assert.Equal(
            ["debian", "vmlinuz"],
            plan.Orders.Where(o => o.Host.Value == "b").Select(o => o.Image.Name.Value));
        plan = CachePlan.Decide(
            [wish], [Host("a", Base(Debian, BaseState.Ready))], Rules, Given.Start);
        Assert.Equal((Given.Host("a"), kernel), Assert.Single(plan.Orders));
        Assert.Equal(2, plan.Kept[Given.Host("a")].Count);
    }

    [Fact]
    public void Exactly_as_many_copies_are_kept_as_are_wanted_and_those_that_were_kept_before()
    {
        CacheHost[] hosts = [Ready("a"), Ready("b"), Ready("c", wasKept: true)];
        Assert.Equal(["a", "c"], Kept(hosts, Wish(2)));
        Assert.Equal(["a", "b", "c"], Kept(hosts, Wish(0) with { IsPinned = true }));
        Assert.Equal(["b"], Kept(
            hosts, Wish(0) with { IsPinned = true, PinnedOn = [Given.Host("b")] }));
        Assert.Equal(["b", "c"], Kept(hosts, Wish(2) with { Hosts = [Given.Host("b")] }));
        hosts[2] = hosts[2] with { IsCounted = false };
        Assert.Equal(["a"], Kept(hosts, Wish(1)));
    }

    [Fact]
    public void A_next_version_goes_first_to_hosts_that_have_the_current_one()
    {
        var next = new CacheWish
        {
            Parts = [Given.Image(seed: 7)],
            Copies = 2,
            InPlaceOf = Key,
        };
        Assert.Equal(["b", "c"], Ordered([Host("a"), Ready("b"), Ready("c")], next));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whatever_is_lost_the_copies_are_made_again_where_there_is_room(int seed)
    {
        var random = new Random(seed);
        var fleet = new FleetModel(random, hosts: 12, images: 6);
        for (var step = 0; step < 400; step++)
        {
            fleet.Disturb();
            fleet.Plan();
            fleet.Check();
        }

        fleet.Settle();
        fleet.CheckSettled();
    }

    private static CacheWish Wish(int copies) => new() { Parts = [Debian], Copies = copies };

    private static CacheHost Ready(string name, bool wasKept = false) =>
        Host(name, Base(Debian, BaseState.Ready)) with
        {
            Kept = wasKept ? new HashSet<BaseKey> { Key } : new HashSet<BaseKey>(),
        };

    private static BaseReport Base(Image image, BaseState state) => Given.Base(image, state);

    private static CacheHost Host(string name, params BaseReport[] bases) => new()
    {
        Id = Given.Host(name),
        IsCounted = true,
        RoomBytes = 100 * Given.GiB,
        Bases = bases.ToDictionary(b => b.Key),
        Expected = new Dictionary<BaseKey, Expected>(),
        Ordered = new HashSet<BaseKey>(),
        Kept = new HashSet<BaseKey>(),
    };

    private static List<string> Ordered(CacheHost[] hosts, params CacheWish[] wishes) =>
    [
        .. CachePlan.Decide(wishes, hosts, Rules, Given.Start).Orders.Select(o => o.Host.Value),
    ];

    private static List<string> Kept(CacheHost[] hosts, CacheWish wish) =>
    [
        .. CachePlan.Decide([wish], hosts, Rules, Given.Start).Kept
            .Where(k => k.Value.Contains(Key)).Select(k => k.Key.Value).Order(),
    ];
}

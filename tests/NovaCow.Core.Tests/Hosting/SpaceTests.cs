using NovaCow.Core.Hosting;

namespace NovaCow.Core.Tests.Hosting;

/// <summary>What may go to make room, and how work is held to a rate.</summary>
public sealed class SpaceTests
{
    private const long MiB = 1 << 20;
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly EvictionRules Rules = new();

    [Theory]
    [InlineData(BaseState.Ready, 0, 0, 120, true)]
    [InlineData(BaseState.Ready, 0, 0, 60, true)]
    [InlineData(BaseState.Ready, 0, 0, 59, false)]
    [InlineData(BaseState.Ready, 1, 0, 120, false)]
    [InlineData(BaseState.Ready, 0, 1, 120, false)]
    [InlineData(BaseState.Creating, 0, 0, 120, false)]
    [InlineData(BaseState.Evicting, 0, 0, 120, false)]
    [InlineData(BaseState.Failed, 0, 0, 120, false)]
    [InlineData(BaseState.Quarantined, 0, 0, 120, false)]
    public void Only_what_is_ready_and_idle_may_go(
        BaseState state, int clones, int waiters, int idleSeconds, bool mayGo)
    {
        var candidate = Base(1) with
        {
            State = state,
            Clones = clones,
            Waiters = waiters,
            LastUsedAt = Now - TimeSpan.FromSeconds(idleSeconds),
        };
        Assert.Equal(mayGo, EvictionPolicy.MayGo(candidate, Rules, Now));
        Assert.Equal(
            mayGo ? 1 : 0, EvictionPolicy.Choose([candidate], 1, Rules, Now).Victims.Count);
    }

    [Fact]
    public void The_cheapest_to_make_again_goes_first()
    {
        var slow = Base(1) with { MadeIn = TimeSpan.FromMinutes(5) };
        var quick = Base(2) with { MadeIn = TimeSpan.FromSeconds(5) };
        Assert.Equal([quick.Key], EvictionPolicy.Choose([slow, quick], 1, Rules, Now).Victims);
    }

    [Fact]
    public void What_is_used_more_and_later_stays_longer()
    {
        var idle = Base(1) with { LastUsedAt = Now - TimeSpan.FromDays(9), Uses = 10 };
        var busy = Base(2) with { LastUsedAt = Now - TimeSpan.FromHours(1), Uses = 10 };
        var rare = Base(3) with { LastUsedAt = Now - TimeSpan.FromHours(1), Uses = 1 };
        var plan = EvictionPolicy.Choose([busy, rare, idle], 20 * MiB, Rules, Now);
        Assert.Equal([idle.Key, rare.Key], plan.Victims);
    }

    [Fact]
    public void Where_it_was_not_observed_the_bytes_say_what_making_it_again_costs()
    {
        var large = Base(1) with { RebuildBytes = 2_000 * MiB };
        var small = Base(2) with { RebuildBytes = 20 * MiB };
        Assert.Equal([small.Key], EvictionPolicy.Choose([large, small], 1, Rules, Now).Victims);
    }

    [Fact]
    public void What_gives_back_more_for_the_same_value_goes_first()
    {
        var lean = Base(1) with { AllocatedBytes = 2 * MiB };
        var fat = Base(2) with { AllocatedBytes = 40 * MiB, RebuildBytes = 150 * MiB };
        Assert.Equal([fat.Key], EvictionPolicy.Choose([lean, fat], 1, Rules, Now).Victims);
    }

    [Fact]
    public void What_is_retired_goes_before_anything_else_and_what_is_protected_never()
    {
        var retired = Base(1) with { IsRetired = true, Uses = 1_000 };
        var kept = Base(2) with { IsProtected = true };
        var plan = EvictionPolicy.Choose([Base(3), kept, retired], 1, Rules, Now);
        Assert.Equal([retired.Key], plan.Victims);
        Assert.Equal(2, plan.Evictable);
    }

    [Fact]
    public void A_budget_is_kept_as_far_as_bases_may_go()
    {
        EvictionCandidate[] bases =
            [Base(1), Base(2) with { Clones = 1 }, Base(3) with { IsProtected = true }];
        Assert.Empty(EvictionPolicy.Trim(bases, 30 * MiB, Rules, Now).Victims);
        Assert.Equal([bases[0].Key], EvictionPolicy.Trim(bases, 29 * MiB, Rules, Now).Victims);
        Assert.Equal([bases[0].Key], EvictionPolicy.Trim(bases, MiB, Rules, Now).Victims);
        bases[0] = bases[0] with { State = BaseState.Evicting };
        Assert.Empty(EvictionPolicy.Trim(bases, 20 * MiB, Rules, Now).Victims);
    }

    [Fact]
    public void Nothing_goes_when_all_of_it_would_not_be_enough()
    {
        var plan = EvictionPolicy.Choose([Base(1), Base(2)], 21 * MiB, Rules, Now);
        Assert.Empty(plan.Victims);
        Assert.Equal((0, 20 * MiB, 2), (plan.FreedBytes, plan.EvictableBytes, plan.Evictable));
    }

    [Fact]
    public void A_small_base_stays_when_the_large_one_after_it_is_enough_alone()
    {
        var small = Base(1) with { AllocatedBytes = MiB, MadeIn = TimeSpan.FromSeconds(1) };
        var large = Base(2) with { AllocatedBytes = 50 * MiB, MadeIn = TimeSpan.FromSeconds(9) };
        var plan = EvictionPolicy.Choose([small, large], 50 * MiB, Rules, Now);
        Assert.Equal([large.Key], plan.Victims);
        Assert.Equal(50 * MiB, plan.FreedBytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whatever_the_bases_are_enough_goes_and_nothing_more(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 500; round++)
        {
            EvictionCandidate[] bases =
                [.. Enumerable.Range(1, random.Next(12)).Select(i => Random(random, i))];
            var needed = random.NextInt64(1, 60 * MiB);
            var plan = EvictionPolicy.Choose(bases, needed, Rules, Now);
            var victims = bases.Where(b => plan.Victims.Contains(b.Key)).ToList();
            var evictable = bases.Where(b => EvictionPolicy.MayGo(b, Rules, Now)).ToList();

            Assert.All(victims, v => Assert.True(EvictionPolicy.MayGo(v, Rules, Now)));
            Assert.Equal(plan.FreedBytes, victims.Sum(v => v.AllocatedBytes));
            Assert.Equal(plan.EvictableBytes, evictable.Sum(b => b.AllocatedBytes));
            Assert.Equal(plan.EvictableBytes >= needed, victims.Count > 0);
            Assert.All(
                victims, v => Assert.True(plan.FreedBytes - v.AllocatedBytes < needed));
        }
    }

    [Fact]
    public void Work_within_the_rate_never_waits_and_work_beyond_it_does()
    {
        var bucket = new TokenBucket(100, 50);
        Assert.Equal(TimeSpan.Zero, bucket.Take(50, TimeSpan.Zero));
        Assert.Equal(TimeSpan.FromSeconds(1), bucket.Take(100, TimeSpan.Zero));
        Assert.Equal(TimeSpan.FromSeconds(1), bucket.Take(100, TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.Zero, bucket.Take(50, TimeSpan.FromSeconds(3)));
    }

    [Fact]
    public void A_long_pause_saves_up_no_more_than_the_burst()
    {
        var bucket = new TokenBucket(100, 50);
        Assert.Equal(TimeSpan.FromSeconds(0.5), bucket.Take(100, TimeSpan.FromHours(1)));
    }

    private static EvictionCandidate Base(int n) => new()
    {
        Key = BaseKey.Parse($"blank-{n * 512}-raw"),
        State = BaseState.Ready,
        AllocatedBytes = 10 * MiB,
        LastUsedAt = Now - TimeSpan.FromHours(1),
        RebuildBytes = 100 * MiB,
    };

    private static EvictionCandidate Random(Random random, int n) => Base(n) with
    {
        State = random.Next(4) == 0 ? BaseState.Creating : BaseState.Ready,
        AllocatedBytes = random.NextInt64(1, 20 * MiB),
        Clones = random.Next(3) == 0 ? 1 : 0,
        IsProtected = random.Next(4) == 0,
        IsRetired = random.Next(4) == 0,
        Uses = random.Next(50),
        LastUsedAt = Now - TimeSpan.FromSeconds(random.Next(100_000)),
        MadeIn = random.Next(2) == 0 ? TimeSpan.FromSeconds(random.Next(1_000)) : null,
    };
}

using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Hosts that come, go, evict and lose what they have, under the plan of copies: what they
/// were told to keep they keep, and nothing else can be counted on.</summary>
internal sealed class FleetModel
{
    private readonly Random _random;
    private readonly Dictionary<string, Machine> _machines = [];
    private readonly List<CacheWish> _wishes = [];
    private readonly CacheRules _rules = new();
    private CacheDecision _last = new([], new Dictionary<HostId, HashSet<BaseKey>>());

    public FleetModel(Random random, int hosts, int images)
    {
        _random = random;
        for (var h = 0; h < hosts; h++)
            _machines[$"h{h:00}"] = new Machine();
        for (var i = 0; i < images; i++)
        {
            _wishes.Add(new CacheWish
            {
                Parts = [Given.Image($"image-{i}", (byte)(i + 1))],
                Copies = random.Next(0, 4),
                IsPinned = random.Next(3) == 0,
            });
        }
    }

    /// <summary>Something happens to a host.</summary>
    public void Disturb()
    {
        var machine = _machines.Values.ElementAt(_random.Next(_machines.Count));
        switch (_random.Next(4))
        {
            case 0:
                machine.IsUp = !machine.IsUp;
                break;
            case 1 when machine.IsUp:
                machine.Finish();
                break;
            case 2 when machine.IsUp:
                machine.EvictWhatItMay();
                break;
            case 3:
                // A burnt disk: even what was to be kept.
                machine.Have.Clear();
                machine.Making.Clear();
                break;
        }
    }

    public void Plan()
    {
        _last = CachePlan.Decide(_wishes, Hosts(), _rules, Given.Start);
        foreach (var (host, image) in _last.Orders)
            Assert.True(_machines[host.Value].Making.Add(image.BaseKey()), "ordered twice");
        foreach (var (name, machine) in _machines.Where(m => m.Value.IsUp))
            machine.Kept = _last.Kept.GetValueOrDefault(Given.Host(name)) ?? [];
    }

    /// <summary>What holds at any time.</summary>
    public void Check()
    {
        foreach (var wish in _wishes)
        {
            var key = wish.Image.BaseKey();
            var holders = _machines.Values.Count(m => m.IsUp && m.Holds(key));
            var kept = _machines.Values.Count(m => m.IsUp && m.Kept.Contains(key) && m.Holds(key));
            Assert.True(kept >= Math.Min(wish.Copies, holders), "fewer are kept than wanted");
            if (wish.IsPinned)
                Assert.Equal(holders, kept);
            else
                Assert.True(kept <= wish.Copies, "more are kept than wanted");
        }

        Assert.All(_machines.Values, m => Assert.True(m.Making.Count <= _rules.MaxPerHost));
    }

    /// <summary>Nothing happens any more but what was ordered.</summary>
    public void Settle()
    {
        foreach (var machine in _machines.Values.Take(6))
            machine.IsUp = true;
        for (var round = 0; round < 50; round++)
        {
            foreach (var machine in _machines.Values.Where(m => m.IsUp))
            {
                machine.Finish();
                machine.EvictWhatItMay();
            }

            Plan();
        }
    }

    public void CheckSettled()
    {
        Assert.Empty(_last.Orders);
        foreach (var wish in _wishes)
        {
            var key = wish.Image.BaseKey();
            var ready = _machines.Values.Count(m => m.IsUp && m.Have.Contains(key));
            Assert.True(ready >= wish.Copies, $"{wish.Image.Name}: {ready} of {wish.Copies}");
        }
    }

    private List<CacheHost> Hosts() =>
    [
        .. _machines.Select(m => new CacheHost
        {
            Id = Given.Host(m.Key),
            IsCounted = m.Value.IsUp,
            ClosedBecause = m.Value.IsUp ? null : "unreachable",
            RoomBytes = 100 * Given.GiB,
            Bases = m.Value.Have.ToDictionary(
                k => k,
                k => new BaseReport
                {
                    Key = k,
                    State = BaseState.Ready,
                    Title = "",
                    VirtualSizeBytes = 1,
                }),
            Expected = new Dictionary<BaseKey, Expected>(),
            Ordered = m.Value.Making,
            Kept = m.Value.Kept,
        }),
    ];

    private sealed class Machine
    {
        public bool IsUp { get; set; } = true;

        public HashSet<BaseKey> Have { get; } = [];

        public HashSet<BaseKey> Making { get; } = [];

        public HashSet<BaseKey> Kept { get; set; } = [];

        public bool Holds(BaseKey key) => Have.Contains(key) || Making.Contains(key);

        public void Finish()
        {
            Have.UnionWith(Making);
            Making.Clear();
        }

        public void EvictWhatItMay() => Have.IntersectWith(Kept);
    }
}

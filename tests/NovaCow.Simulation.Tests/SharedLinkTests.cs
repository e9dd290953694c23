namespace NovaCow.Simulation.Tests;

public sealed class SharedLinkTests
{
    private readonly Agenda _agenda = new();
    private readonly List<(string Name, double Seconds)> _ended = [];

    private SharedLink.Transfer Begin(SharedLink link, string name, long bytes, double bound) =>
        link.Begin(bytes, bound, () => _ended.Add((name, _agenda.Now.TotalSeconds)));

    private void Run()
    {
        while (_agenda.Step())
        {
        }
    }

    private void AssertEnded(params (string Name, double Seconds)[] expected)
    {
        Assert.Equal(expected.Select(e => e.Name), _ended.Select(e => e.Name));
        foreach (var (want, got) in expected.Zip(_ended))
            Assert.Equal(want.Seconds, got.Seconds, 1e-5);
    }

    [Fact]
    public void One_transfer_goes_as_fast_as_its_host_takes_it()
    {
        Begin(new SharedLink(_agenda, 1_000_000, [100_000]), "a", 500_000, 100_000);
        Run();
        AssertEnded(("a", 5));
    }

    [Fact]
    public void Transfers_share_a_link_equally_and_take_what_others_leave_when_they_end()
    {
        // Half each until a has its 100 000 bytes at 2 s; then b has all for its other 200 000.
        var link = new SharedLink(_agenda, 100_000, [1_000_000]);
        Begin(link, "a", 100_000, 1_000_000);
        Begin(link, "b", 300_000, 1_000_000);
        Run();
        AssertEnded(("a", 2), ("b", 4));
        Assert.Equal(400_000, link.BytesDelivered, 10.0);
    }

    [Fact]
    public void A_transfer_that_comes_later_slows_the_first_from_then_on()
    {
        // a alone for 1 s, then half each: a's other 100 000 take 2 s; b has the last second alone.
        var link = new SharedLink(_agenda, 100_000, [1_000_000]);
        Begin(link, "a", 200_000, 1_000_000);
        _agenda.At(TimeSpan.FromSeconds(1), () => Begin(link, "b", 200_000, 1_000_000));
        Run();
        AssertEnded(("a", 3), ("b", 4));
    }

    [Fact]
    public void What_a_slow_host_cannot_take_is_left_to_the_fast_ones()
    {
        // Of 100 000 B/s, slow takes 20 000, and each fast one 40 000.
        var link = new SharedLink(_agenda, 100_000, [20_000, 1_000_000]);
        Begin(link, "slow", 200_000, 20_000);
        Begin(link, "fast-1", 80_000, 1_000_000);
        Begin(link, "fast-2", 160_000, 1_000_000);
        Run();
        AssertEnded(("fast-1", 2), ("fast-2", 3), ("slow", 10));
    }

    [Fact]
    public void A_transfer_that_is_broken_off_says_how_far_it_was_and_frees_its_share()
    {
        var link = new SharedLink(_agenda, 100_000, [1_000_000]);
        var broken = Begin(link, "a", 300_000, 1_000_000);
        Begin(link, "b", 300_000, 1_000_000);
        _agenda.At(TimeSpan.FromSeconds(2), () =>
        {
            Assert.Equal(100_000, link.Received(broken));
            link.Cancel(broken);
        });
        Run();
        AssertEnded(("b", 4));
    }
}

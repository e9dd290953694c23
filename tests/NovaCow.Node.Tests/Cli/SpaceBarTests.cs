using NovaCow.Cli;
using NovaCow.Client;

namespace NovaCow.Node.Tests.Cli;

public sealed class SpaceBarTests
{
    [Theory]
    [InlineData(0, 0, 0, 0, 100, "............................................................")]
    [InlineData(50, 25, 0, 0, 25, "##############################===============...............")]
    [InlineData(0, 0, 50, 0, 50, "++++++++++++++++++++++++++++++..............................")]
    [InlineData(0, 0, 0, 100, 0, "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~")]
    [InlineData(1, 1, 1, 0, 9_997, "#=+.........................................................")]
    public void A_bar_is_to_scale_and_shows_whatever_there_is(
        long bases, long unique, long reserved, long others, long free, string bar)
    {
        var usage = new SpaceUsage
        {
            TotalBytes = bases + unique + others + free + reserved,
            FreeBytes = free + reserved,
            ReservedBytes = reserved,
            BaseBytes = bases,
            UniqueBytes = unique,
            FullCopyBytes = 0,
            WorstCaseBytes = 0,
        };
        Assert.Equal(bar, SpaceBar.Of(usage));
    }
}

namespace NovaCow.Core.Tests.Model;

public sealed class HostSelectorTests
{
    private static readonly HostLabel[] Labels = [new("disk", "nvme"), new("zone", "a")];

    [Theory]
    [InlineData("zone=a", null)]
    [InlineData("zone=b", "zone=b")]
    [InlineData("zone!=b", null)]
    [InlineData("zone!=a", "zone!=a")]
    [InlineData("zone", null)]
    [InlineData("gpu", "gpu")]
    [InlineData("gpu=1", "gpu=1")]
    [InlineData("gpu!=1", null)]
    [InlineData("zone=a,disk=nvme", null)]
    [InlineData("zone=a,disk=hdd", "disk=hdd")]
    public void A_selector_holds_when_all_of_its_terms_do(string selector, string? unmet) =>
        Assert.Equal(unmet, HostSelector.Parse(selector).Unmet(Labels));

    [Fact]
    public void Selectors_that_say_the_same_are_the_same()
    {
        var one = HostSelector.Parse("zone=a, disk=nvme,zone=a");
        var other = HostSelector.Parse("disk=nvme,zone=a");
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.Equal("disk=nvme,zone=a", one.Value);
        Assert.NotEqual(one, HostSelector.Parse("zone=a"));
        Assert.Equal(one, HostSelector.Parse(one.Value));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("zone=")]
    [InlineData("=a")]
    [InlineData("!=a")]
    [InlineData("zone=a,")]
    [InlineData("Zone=a")]
    [InlineData("zone==a")]
    [InlineData("zone=a\nb")]
    [InlineData("zone=a;disk=b")]
    [InlineData("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q")]
    public void What_is_no_selector_is_refused(string? text)
    {
        Assert.False(HostSelector.TryParse(text, out _, out var problem));
        Assert.StartsWith("selector", problem);
        Assert.DoesNotContain('\n', problem);
    }
}

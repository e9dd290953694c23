namespace NovaCow.Security.Tests;

public sealed class AccessTableTests
{
    [Theory]
    [InlineData(Door.Health, true, true, true, true)]
    [InlineData(Door.Join, true, true, true, true)]
    [InlineData(Door.Metrics, false, true, true, true)]
    [InlineData(Door.Renew, false, false, true, false)]
    [InlineData(Door.Link, false, true, true, false)]
    [InlineData(Door.Transfer, false, true, true, false)]
    [InlineData(Door.Api, false, true, false, true)]
    public void Each_door_opens_to_those_it_is_for(
        Door door, bool nobody, bool control, bool host, bool @operator)
    {
        Assert.Equal(nobody, AccessTable.Opens(door, null));
        Assert.Equal(control, AccessTable.Opens(door, ClusterRole.Control));
        Assert.Equal(host, AccessTable.Opens(door, ClusterRole.Host));
        Assert.Equal(@operator, AccessTable.Opens(door, ClusterRole.Operator));
    }

    [Fact]
    public void The_table_has_no_gaps()
    {
        var tested = typeof(AccessTableTests).GetMethod(
            nameof(Each_door_opens_to_those_it_is_for))!.GetCustomAttributes(false)
            .OfType<InlineDataAttribute>().Select(d => (Door)d.Data[0]!);
        Assert.Equal(Enum.GetValues<Door>(), tested);
        Assert.Equal(3, Enum.GetValues<ClusterRole>().Length);
    }

    [Theory]
    [InlineData("GET", "/healthz", Door.Health)]
    [InlineData("HEAD", "/readyz", Door.Health)]
    [InlineData("POST", "/healthz", Door.Api)]
    [InlineData("GET", "/metrics", Door.Metrics)]
    [InlineData("GET", "/v1/ca", Door.Join)]
    [InlineData("POST", "/v1/join", Door.Join)]
    [InlineData("GET", "/v1/join", Door.Api)]
    [InlineData("POST", "/v1/join/x", Door.Api)]
    [InlineData("POST", "/v1/join-tokens", Door.Api)]
    [InlineData("POST", "/v1/renew", Door.Renew)]
    [InlineData("GET", "/v1/link", Door.Link)]
    [InlineData("GET", "/v1/transfers/root", Door.Transfer)]
    [InlineData("POST", "/v1/transfers/root", Door.Api)]
    [InlineData("GET", "/v1/captures/sha256:00", Door.Transfer)]
    [InlineData("DELETE", "/v1/captures/sha256:00", Door.Api)]
    [InlineData("GET", "/v1/instances", Door.Api)]
    [InlineData("POST", "/v1/instances/web/start", Door.Api)]
    [InlineData("POST", "/v1/instances/web/capture", Door.Api)]
    [InlineData("DELETE", "/v1/instances/web/disks/data0", Door.Api)]
    [InlineData("GET", "/v1/instances/web/console", Door.Api)]
    [InlineData("GET", "/v1/instances/web/domain", Door.Api)]
    [InlineData("GET", "/HEALTHZ", Door.Api)]
    [InlineData("GET", "/", Door.Api)]
    public void A_path_that_is_not_known_is_the_APIs(string method, string path, Door door) =>
        Assert.Equal(door, AccessTable.DoorOf(method, path));

    [Fact]
    public void A_refusal_names_who_came_and_who_may()
    {
        var why = AccessTable.Why(Door.Api, CertifiedName.Of(ClusterRole.Host, "a"));
        Assert.Contains("host a", why);
        Assert.Contains("control certificates and operator certificates", why);
        Assert.Contains("--cert", AccessTable.Why(Door.Api, null));
    }
}

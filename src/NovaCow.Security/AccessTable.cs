namespace NovaCow.Security;

/// <summary>What a node can be asked for, as far as it matters who asks.</summary>
public enum Door
{
    /// <summary>Whether it lives and serves.</summary>
    Health,

    /// <summary>The authority's certificate, and a certificate for a token: whoever comes has none
    /// yet.</summary>
    Join,

    /// <summary>What it measures.</summary>
    Metrics,

    /// <summary>A new certificate for one that is valid.</summary>
    Renew,

    /// <summary>A link between nodes.</summary>
    Link,

    /// <summary>What hosts fetch from each other: the disks of an instance that leaves its host,
    /// for which a token is needed, too, and images made of disks.</summary>
    Transfer,

    /// <summary>Everything else: the API.</summary>
    Api,
}

/// <summary>Who may what. Pure; this is all there is of it.</summary>
public static class AccessTable
{
    /// <summary>Which door a request knocks at. What is not known is the API's.</summary>
    public static Door DoorOf(string method, string path) => (method, path) switch
    {
        ("GET" or "HEAD", "/healthz" or "/readyz" or "/livez") => Door.Health,
        ("GET" or "HEAD", "/metrics") => Door.Metrics,
        ("GET" or "HEAD", "/v1/ca") or ("POST", "/v1/join") => Door.Join,
        ("POST", "/v1/renew") => Door.Renew,
        (_, "/v1/link") => Door.Link,
        ("GET", _) when path.StartsWith("/v1/transfers/", StringComparison.Ordinal)
            || path.StartsWith("/v1/captures/", StringComparison.Ordinal) => Door.Transfer,
        _ => Door.Api,
    };

    /// <summary>Whether a door opens to somebody with a valid certificate of that role; null is
    /// somebody without one.</summary>
    public static bool Opens(Door door, ClusterRole? role) => (door, role) switch
    {
        (Door.Health or Door.Join, _) => true,
        (_, null) => false,
        (Door.Metrics, _) => true,
        (Door.Renew, ClusterRole.Host) => true,
        (Door.Link or Door.Transfer, ClusterRole.Host or ClusterRole.Control) => true,
        (Door.Api, ClusterRole.Operator or ClusterRole.Control) => true,
        _ => false,
    };

    /// <summary>Why a door stays shut to somebody, for a person.</summary>
    public static string Why(Door door, CertifiedName? who) => who is null
        ? $"{Words(door)} needs a certificate of this cluster; present one (--cert and --key, or "
            + "NOVACOW_CERT and NOVACOW_KEY; novacow ca issue makes them)"
        : $"the certificate is for {who}, and {Words(door)} is for {For(door)}";

    private static string Words(Door door) => door switch
    {
        Door.Metrics => "reading the metrics",
        Door.Renew => "renewing a certificate",
        Door.Link => "linking as a node",
        Door.Transfer => "fetching disks and images from a host",
        _ => "the API",
    };

    private static string For(Door door)
    {
        var roles = Enum.GetValues<ClusterRole>().Where(r => Opens(door, r));
        return string.Join(" and ", roles.Select(r => $"{CertifiedName.Word(r)} certificates"));
    }
}

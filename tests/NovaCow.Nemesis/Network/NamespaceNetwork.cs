using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using NovaCow.Storage.Tests;

namespace NovaCow.Nemesis.Network;

/// <summary>
/// Each node in a network namespace of its own, with its own address on a bridge. Needs root. A
/// path is cut where it begins: the sender's neighbour gets a hardware address that nobody has, so
/// that what it sends is lost and nobody is told. Servers of this program stand outside, behind a
/// <see cref="Forwarder"/>.
/// </summary>
/// <remarks>Names carry this process's id; what is left of processes that are gone is removed
/// first, and nothing else.</remarks>
internal sealed class NamespaceNetwork : INetwork
{
    private const int Port = 7600;
    private const string SpacePrefix = "novacow-";
    private const string BridgePrefix = "ncbr";
    private const string Nowhere = "02:00:00:00:00:00";
    private static int s_made;

    private readonly CutTable _serverCuts = new();
    private readonly ConcurrentDictionary<string, Forwarder> _servers = [];
    private readonly Dictionary<string, Member> _members = [];
    private readonly string _bridge;
    private readonly string _subnet;
    private HashSet<PathCut> _cuts = [];

    private NamespaceNetwork(string bridge, string subnet) =>
        (_bridge, _subnet) = (bridge, subnet);

    /// <summary>Why there can be none here; null: there can.</summary>
    public static string? WhyNot =>
        !Environment.IsPrivilegedProcess ? "network namespaces need root"
        : !Command.Has("ip") ? "ip is not installed"
        : null;

    public IPAddress Here => IPAddress.Parse($"{_subnet}.1");

    /// <summary>Makes a bridge, and a namespace for each node.</summary>
    public static async Task<NamespaceNetwork> CreateAsync(IEnumerable<string> nodes)
    {
        await SweepAsync();
        var process = Environment.ProcessId;

        // Two at a time in a process, and those of two processes, are apart.
        var number = (process * 2) + (s_made++ % 2);
        var network = new NamespaceNetwork(
            string.Create(CultureInfo.InvariantCulture, $"{BridgePrefix}{number}"),
            string.Create(
                CultureInfo.InvariantCulture, $"10.{160 + (number / 250 % 90)}.{number % 250}"));
        try
        {
            await Ip($"link add {network._bridge} type bridge");
            await Ip($"addr add {network.Here}/24 dev {network._bridge}");
            await Ip($"link set {network._bridge} up");
            foreach (var node in nodes)
                await network.AddAsync(node, $"{SpacePrefix}{process}-{number}-{node}");
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    public Uri ListenOf(string node) => new($"http://{_members[node].Address}:{Port}");

    public Uri AddressOf(string node) => ListenOf(node);

    public IPEndPoint Expose(string name, int port) => _servers.GetOrAdd(
        name,
        _ => new Forwarder(
            name,
            new IPEndPoint(IPAddress.Loopback, port),
            _serverCuts,
            (remote, at) => WhoIs(remote, at)?.Node,
            Here)).Address;

    public IReadOnlyList<string> RunUnder(string node) =>
        ["ip", "netns", "exec", _members[node].Space];

    public void Started(string node, int processId) =>
        _members[node] = _members[node] with { ProcessId = processId };

    public (string Node, int ProcessId)? WhoIs(IPEndPoint remote, int port)
    {
        var address = remote.Address.IsIPv4MappedToIPv6
            ? remote.Address.MapToIPv4()
            : remote.Address;
        var member = _members.FirstOrDefault(m => m.Value.Address.Equals(address));
        return member.Key is null ? null : (member.Key, member.Value.ProcessId);
    }

    public async Task SetAsync(IReadOnlyCollection<PathCut> cuts)
    {
        _serverCuts.Set(cuts);
        var wanted = cuts.Where(c => _members.ContainsKey(c.From) && _members.ContainsKey(c.To))
            .SelectMany<PathCut, PathCut>(
                c => c.IsRefused ? [c, c with { From = c.To, To = c.From }] : [c])
            .ToHashSet();
        var before = _cuts;
        _cuts = wanted;
        foreach (var healed in before.Except(wanted))
            await ChangeAsync(healed, isCut: false);
        foreach (var cut in wanted.Except(before))
            await ChangeAsync(cut, isCut: true);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Values)
            await server.DisposeAsync();
        foreach (var member in _members.Values)
        {
            // A namespace goes some time after its name; its link's name is wanted again.
            await Command.TryRunAsync("ip", "link", "del", member.Link);
            await Command.TryRunAsync("ip", "netns", "del", member.Space);
        }

        await Command.TryRunAsync("ip", "link", "del", _bridge);
    }

    private async Task AddAsync(string node, string space)
    {
        var number = _members.Count + 10;
        var link = string.Create(CultureInfo.InvariantCulture, $"{_bridge}p{number}");
        _members[node] = new Member(space, link, IPAddress.Parse($"{_subnet}.{number}"), 0);
        await Ip($"netns add {space}");
        await Ip($"link add {link} type veth peer name eth0 netns {space}");
        await Ip($"link set {link} master {_bridge} up");
        await Ip($"-n {space} addr add {_members[node].Address}/24 dev eth0");
        await Ip($"-n {space} link set lo up");
        await Ip($"-n {space} link set eth0 up");
    }

    private Task ChangeAsync(PathCut cut, bool isCut)
    {
        var (space, to) = (_members[cut.From].Space, _members[cut.To].Address);
        return Ip((cut.IsRefused, isCut) switch
        {
            (true, true) => $"-n {space} route replace unreachable {to}",
            (true, false) => $"-n {space} route del unreachable {to}",
            (false, true) => $"-n {space} neigh replace {to} lladdr {Nowhere} dev eth0 nud permanent",
            (false, false) => $"-n {space} neigh del {to} dev eth0",
        });
    }

    private static async Task SweepAsync()
    {
        var spaces = await Command.RunAsync("ip", "netns", "list");
        foreach (var line in spaces.Split('\n'))
        {
            var name = line.Split(' ')[0];
            if (name.Split('-') is ["novacow", var id, _, ..] && IsGone(id))
                await Command.TryRunAsync("ip", "netns", "del", name);
        }

        var bridges = await Command.RunAsync("ip", "-o", "link", "show", "type", "bridge");
        foreach (var line in bridges.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [_, var word, ..])
                continue;
            var name = word.TrimEnd(':');
            if (name.StartsWith(BridgePrefix, StringComparison.Ordinal)
                && int.TryParse(name[BridgePrefix.Length..], out var number)
                && IsGone($"{number / 2}"))
            {
                await Command.TryRunAsync("ip", "link", "del", name);
            }
        }
    }

    private static bool IsGone(string processId) =>
        int.TryParse(processId, out _) && !Directory.Exists($"/proc/{processId}");

    private static Task Ip(string arguments) => Command.RunAsync("ip", arguments.Split(' '));

    private sealed record Member(
        string Space, string Link, IPAddress Address, int ProcessId);
}

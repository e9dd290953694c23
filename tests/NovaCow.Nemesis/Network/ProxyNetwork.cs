using System.Collections.Concurrent;
using System.Net;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Nemesis.Network;

/// <summary>All nodes on loopback, with a <see cref="Forwarder"/> in front of each: needs no
/// privileges. Who connects is told by the process that has the socket.</summary>
internal sealed class ProxyNetwork : INetwork
{
    private readonly CutTable _cuts = new();
    private readonly ConcurrentDictionary<string, Uri> _listens = [];
    private readonly ConcurrentDictionary<string, Forwarder> _fronts = [];
    private readonly ConcurrentDictionary<int, string> _processes = [];

    public IPAddress Here => IPAddress.Loopback;

    public Uri ListenOf(string node) => _listens.GetOrAdd(
        node, _ => new Uri($"http://127.0.0.1:{FreePort.Take()}"));

    public Uri AddressOf(string node) => new($"http://{Expose(node, ListenOf(node).Port)}");

    public IPEndPoint Expose(string name, int port) => _fronts.GetOrAdd(
        name,
        _ => new Forwarder(
            name,
            new IPEndPoint(IPAddress.Loopback, port),
            _cuts,
            (remote, at) => WhoIs(remote, at)?.Node)).Address;

    public IReadOnlyList<string> RunUnder(string node) => [];

    public void Started(string node, int processId) => _processes[processId] = node;

    public (string Node, int ProcessId)? WhoIs(IPEndPoint remote, int port) =>
        SocketOwners.Find(remote.Port, port, _processes.Keys) is { } id
            ? (_processes[id], id) : null;

    public Task SetAsync(IReadOnlyCollection<PathCut> cuts)
    {
        _cuts.Set(cuts);
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var front in _fronts.Values)
            await front.DisposeAsync();
    }
}

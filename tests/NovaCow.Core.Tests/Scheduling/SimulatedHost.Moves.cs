using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>How a simulated host lends disks, and takes those of others in; what it lends is
/// forgotten by a crash.</summary>
internal sealed partial class SimulatedHost
{
    private readonly Dictionary<InstanceId, string> _lent = [];
    private static int s_contents;

    /// <summary>Finds the host at an address.</summary>
    public required Func<string, SimulatedHost> Network { get; init; }

    /// <summary>What the disks of an instance hold: no two that were made have the same.</summary>
    public int ContentOf(InstanceId id) => _disks[id].Content;

    private IEnumerable<Said> Offer(SchedulerEffect.Offer c, bool fails)
    {
        if (!IsMine(c.Id, c.Fence))
            return [];
        if (fails || IsOn(c.Id))
            return [new Said.Refused(Id, c.Id, c.Fence, c.Number)];
        _lent[c.Id] = $"{_life}.{c.Number}";
        return [new Said.Offered(Id, c.Id, c.Fence, c.Number, _lent[c.Id])];
    }

    private IEnumerable<Said> Withdraw(SchedulerEffect.Withdraw c)
    {
        if (IsMine(c.Id, c.Fence) && _lent.GetValueOrDefault(c.Id) == $"{_life}.{c.Number}")
            _lent.Remove(c.Id);
        return [];
    }

    private IEnumerable<Said> Receive(SchedulerEffect.Receive c, bool fails)
    {
        var disks = Fetch(c);
        return Make(c.Id, c.Fence, fails || disks is null, () => disks!);
    }

    private SimulatedDisks? Lend(InstanceId id, string token) =>
        Has.ContainsKey(id) && _lent.GetValueOrDefault(id) == token ? _disks[id].Copy() : null;
}

internal abstract partial record Said
{
    public sealed record Offered(
        HostId Host, InstanceId Id, LaunchFence Fence, int Number, string Token) : Said;

    public sealed record Refused(HostId Host, InstanceId Id, LaunchFence Fence, int Number) : Said;
}

using NovaCow.Core;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Hosting;

/// <summary>Taking an instance over from a host that is dead: its old store is fenced before any
/// disk or base is asked for, and a host that lives is found out by that.</summary>
internal sealed partial class InstanceActor
{
    private bool? _wasOn;

    /// <summary>Whether its machine is to run here; null: it was never started. What was lent by a
    /// host that lives was stopped there.</summary>
    private bool? IsOnAfterMove =>
        _wasOn ?? (_order is null || _host.Machines is null ? null : false);

    private void EvacuationHandlers() => Receive<DeadFenced>(fenced =>
    {
        if (fenced.Failure is { } cause)
        {
            Fail(ToError(cause, $"instance {_id}: fencing {_order!.Source}"));
            return;
        }

        _wasOn = fenced.Found!.IsOn;
        AskForAll();
    });

    private void FenceDead(DeadStore dead)
    {
        var fenced = _host.DeadStores?.FenceAsync(dead, _id, CancellationToken.None)
            ?? Task.FromException<DeadInstance>(PortException.Final(
                LaunchErrorCode.InvalidRequest,
                $"instance {_id}: host {_host.Id} shares no store with host {dead.Host}"));
        _ = fenced.PipeTo(
            Self,
            success: found => new DeadFenced(found, null),
            failure: cause => new DeadFenced(null, cause));
    }

    private sealed record DeadFenced(DeadInstance? Found, Exception? Failure);
}

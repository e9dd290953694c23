using NovaCow.Core;

namespace NovaCow.Actors.Hosting;

/// <summary>Instances that other hosts took over while this one was away. What has a fence in the
/// store is nobody's to use here before the scheduler commits it here again; as long as the
/// scheduler lets it stand or says nothing, its disks only stay.</summary>
public sealed partial class HostActor
{
    /// <summary>Fences what was found, and clears away fences that are about nothing here.
    /// </summary>
    private void FenceFound(IReadOnlyList<EvacuationFence> fences)
    {
        foreach (var fence in fences)
        {
            if (_instances.GetValueOrDefault(fence.Id) is { } entry && fence.Holds(entry.Record))
            {
                entry.IsFenced = true;
                _log.Warning(
                    "instance {0}: host {1} read its disks at {2}, to take it over; nothing is "
                        + "done with it here before the scheduler says whose it is",
                    fence.Id, fence.By, fence.At);
            }
            else if (!_damaged.ContainsKey(fence.Id))
            {
                Lift(fence.Id);
            }
        }
    }

    private void LiftFence(InstanceEntry entry)
    {
        if (!entry.IsFenced)
            return;
        entry.IsFenced = false;
        Lift(entry.Id);
    }

    private void Lift(InstanceId id)
    {
        try
        {
            _host.Fences?.LiftFence(id);
        }
        catch (PortException failure)
        {
            // It holds an instance back only until the scheduler has spoken; so, too, next time.
            _log.Warning("{0}; the next start tries again", failure.Message);
        }
    }
}

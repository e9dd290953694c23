using NovaCow.Core.Scheduling;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>Changes of instances' disks: what clients ask, and what hosts say of them.</summary>
public sealed partial class SchedulerActor
{
    private void ChangeCommands()
    {
        Command<ChangeInstance>(m => Carry(
            _core.Change(m.Id, m.Request, Now), d => new InstanceFound(d.Instances[0])));
        Command<CancelInstanceChange>(m => Carry(
            _core.CancelChange(m.Id, Now), d => new InstanceFound(d.Instances[0])));
        FromHost<ChangeProgressed>(m => m.Host, OnChangeProgressed);
        FromHost<Changed>(m => m.Host, m => Carry(_core.ChangeEnded(
            m.Host,
            m.Fence,
            new ChangeEnded(m.Id, m.Ended.Number, m.Ended.Kind, null, m.Ended.Disks, Now)
            {
                Bytes = m.Ended.Bytes,
                Captured = m.Ended.Captured,
            },
            Now)));
        FromHost<ChangeFailed>(m => m.Host, m => Carry(_core.ChangeEnded(
            m.Host,
            m.Fence,
            new ChangeEnded(m.Id, m.Ended.Number, m.Ended.Kind, m.Error, m.Ended.Disks, Now)
            {
                Bytes = m.Ended.Bytes,
            },
            Now)));
    }

    private void OnChangeProgressed(ChangeProgressed m)
    {
        var so = (m.Number, m.Progress);
        if (_core.ChangeProgressed(m.Host, m.Id, m.Fence, so) is not { Change: { } change })
            return;
        _subscribers.Gather(new ClusterEvent.DisksChanged(
            m.Id, change.Change.Kind, change.Phase, null)
        {
            Sequence = null,
            At = Now,
            Progress = m.Progress,
        });
        _subscribers.Flush();
    }
}

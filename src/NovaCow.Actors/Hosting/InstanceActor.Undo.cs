using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>The instance's end, asked for or because it could not be made: machine, record, disks
/// in reverse, each again until it is gone.</summary>
internal sealed partial class InstanceActor
{
    private LaunchError? _error;
    private int _undone;
    private int _failures;
    private bool _isRemoved;

    // The disk whose turn it is to be removed: in reverse order.
    private DiskRef Next => _plan[^(_undone + 1)];

    private void Undoing()
    {
        Receive<RecordGone>(_ => DeleteNext());
        Receive<DiskDeleted>(
            _ =>
            {
                _undone++;
                _failures = 0;
                Timers.Cancel(Retry.Instance);
                DeleteNext();
            },
            gone => gone.Attempt == _attempt && gone.Disk == Next.Name);
        Receive<DiskFailed>(
            failed => RetryLater(failed.Error),
            failed => failed.Attempt == _attempt && failed.Disk == Next.Name);
        Receive<RecordStays>(stays => RetryLater(stays.Error));
        Receive<Retry>(_ => Undo());
        Receive<InstanceProtocol.BaseLost>(lost => RetryIfWaitingFor(lost.Key));
        Receive<InstanceProtocol.Remove>(_ => _isRemoved = true);
        Receive<SaveEnded>(_ =>
        {
            _isSaving = false;
            Undo();
        });
        // Answers to what was asked before the undoing began.
        Receive<DeadFenced>(_ => { });
        Receive<DiskMade>(_ => { });
        Receive<DiskDeleted>(_ => { });
        Receive<DiskFailed>(_ => { });
        Receive<Answered>(OnAnswered);
        Receive<Noted>(_ =>
        {
            _isSaving = false;
            Undo();
        });
        Receive<InstanceProtocol.Commit>(_ => { });
        Receive<InstanceProtocol.MachineIs>(_ => { });
        Receive<InstanceProtocol.Change>(_ => { });
        Receive<InstanceProtocol.CancelChange>(_ => { });
    }

    private void Fail(LaunchError error)
    {
        _error = error;
        Context.Parent.Tell(new InstanceProtocol.Undoing(_id));
        Undo();
    }

    private void Remove()
    {
        _isRemoved = true;
        Undo();
    }

    // The machine first, then the record: from then on the disks are leftovers, which a start
    // removes.
    private void Undo()
    {
        Become(Undoing);
        if (_isSaving)
            return;
        if (_mayHaveMachine || _call is not null)
        {
            RemoveMachine();
            return;
        }

        _ = _host.Store.DeleteInstanceAsync(_id, CancellationToken.None).PipeTo(
            Self,
            success: () => RecordGone.Instance,
            failure: cause => new RecordStays(ToError(cause, $"record of instance {_id}")));
    }

    private void DeleteNext()
    {
        if (_undone < _plan.Count)
        {
            Context.Parent.Tell(new DeleteDisk(_id, _attempt, Next));
            return;
        }

        Context.Parent.Tell(new InstanceProtocol.Ended(_id, _isRemoved ? null : _error));
        Context.Stop(Self);
    }

    private void RetryIfWaitingFor(BaseKey key)
    {
        if (_undone < _plan.Count && Next.Base == key)
            DeleteNext();
    }

    private void RetryLater(LaunchError error)
    {
        _failures++;
        var pause = _host.Limits.RemovalRetry.After(_failures, _host.Jitter());
        Context.GetLogger().Warning(
            "instance {0}: {1}; tried again in {2}", _id, error.Message, pause);
        Timers.StartSingleTimer(Retry.Instance, Retry.Instance, pause);
    }

    private sealed record RecordStays(LaunchError Error);

    private sealed class RecordGone
    {
        public static RecordGone Instance { get; } = new();
    }

    private sealed class Retry
    {
        public static Retry Instance { get; } = new();
    }
}

using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SnapshotProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>How a disk that exists is changed: by its driver, and given up when it is asked to.
/// </summary>
internal sealed partial class SnapshotActor
{
    private CancellationTokenSource? _change;

    private void ChangeHandlers()
    {
        Receive<Change>(OnChange);
        Receive<CancelChange>(_ => _change?.Cancel());
        Receive<ChangeTried>(OnChangeTried);
    }

    private void OnChange(Change change)
    {
        // Asked again by an instance that crashed and came back: whoever asked last is answered.
        if (_isBusy)
            return;
        _isBusy = true;
        _change = new CancellationTokenSource();
        var (watcher, attempt, disk) = (change.Watcher, change.Attempt, _disk);
        var progress = new ThrottledProgress<long>(
            Context.System.TimeProvider,
            change.ProgressEvery,
            done => watcher.Tell(
                new BaseVolumeProtocol.DiskChanging(attempt, disk, done), ActorRefs.NoSender));
        _ = _driver.ChangeDiskAsync(change.Request, progress, _change.Token).PipeTo(
            Self,
            success: changed => new ChangeTried(changed, null),
            failure: cause => new ChangeTried(null, cause));
    }

    private void OnChangeTried(ChangeTried tried)
    {
        _isBusy = false;
        _change?.Dispose();
        _change = null;
        if (_isUnwanted)
        {
            Delete();
        }
        else if (tried.Failure is { } cause)
        {
            LogIfBug(cause);
            Context.Parent.Tell(new NotChanged(Failures.ToError(
                cause, $"changing disk {_disk} of instance {_instance}")));
        }
        else
        {
            Context.Parent.Tell(new Made(tried.Disk!, Created: false));
        }
    }

    private void GiveUp()
    {
        _cancel.Cancel();
        _change?.Cancel();
    }

    private sealed record ChangeTried(InstanceDisk? Disk, Exception? Failure);
}

using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SnapshotProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// Owns one instance disk, under its BaseVolumeActor: makes it, concurrently with its siblings,
/// changes it, and removes it. It lives as long as the disk, so that the base's children are its
/// reference count. Its end leaves a disk that is made as it is, and gives one up that is being
/// made.
/// </summary>
internal sealed partial class SnapshotActor : ReceiveActor
{
    private readonly InstanceId _instance;
    private readonly DiskName _disk;
    private readonly IVolumeDriver _driver;
    private readonly TimeSpan _progressEvery;
    private readonly CancellationTokenSource _cancel = new();
    private bool _isBusy;
    private bool _isUnwanted;

    public SnapshotActor(
        InstanceId instance, DiskName disk, IVolumeDriver driver, TimeSpan progressEvery)
    {
        (_instance, _disk, _driver) = (instance, disk, driver);
        _progressEvery = progressEvery;
        Receive<Make>(OnMake);
        Receive<Remove>(_ => OnRemove());
        Receive<MakeEnded>(OnMakeEnded);
        Receive<RemoveEnded>(OnRemoveEnded);
        ChangeHandlers();
    }

    private void OnMake(Make make)
    {
        _isBusy = true;
        var (parent, self) = (Context.Parent, Self);
        var progress = new ThrottledProgress<long>(
            Context.System.TimeProvider,
            _progressEvery,
            done => parent.Tell(new Copied(done), self));
        _ = _driver.EnsureDiskAsync(make.Request, progress, _cancel.Token).PipeTo(
            Self,
            success: made => new MakeEnded(made, null),
            failure: cause => new MakeEnded(default, cause));
    }

    private void OnRemove()
    {
        _isUnwanted = true;
        if (_isBusy)
            GiveUp();
        else
            Delete();
    }

    private void OnMakeEnded(MakeEnded ended)
    {
        _isBusy = false;
        if (_isUnwanted)
        {
            Delete();
        }
        else if (ended.Failure is { } cause)
        {
            LogIfBug(cause);
            Context.Parent.Tell(
                new NotMade(Failures.ToError(cause, $"disk {_disk} of instance {_instance}")));
            Context.Stop(Self);
        }
        else
        {
            Context.Parent.Tell(new Made(ended.Disk.Value, ended.Disk.Created));
        }
    }

    private void Delete()
    {
        _isBusy = true;
        _ = _driver.DeleteDiskAsync(_instance, _disk, CancellationToken.None).PipeTo(
            Self,
            success: () => new RemoveEnded(null),
            failure: cause => new RemoveEnded(cause));
    }

    private void OnRemoveEnded(RemoveEnded ended)
    {
        _isBusy = false;
        if (ended.Failure is { } cause)
        {
            LogIfBug(cause);
            var what = $"removing disk {_disk} of instance {_instance}";
            Context.Parent.Tell(new NotRemoved(Failures.ToError(cause, what)));
            return;
        }

        Context.Parent.Tell(new Gone());
        Context.Stop(Self);
    }

    protected override void PostStop()
    {
        GiveUp();
        _cancel.Dispose();
        _change?.Dispose();
    }

    private void LogIfBug(Exception cause)
    {
        if (Failures.IsBug(cause))
            Context.GetLogger().Error(cause, "disk {0} of {1}", _disk, _instance);
    }

    private sealed record MakeEnded(Ensured<InstanceDisk> Disk, Exception? Failure);

    private sealed record RemoveEnded(Exception? Failure);
}

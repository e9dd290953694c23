using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>Changes of the instance's machine: it starts, stops, is rebuilt, becomes an image, gets
/// and loses disks. Each can be begun again from wherever a crash left it.</summary>
internal sealed partial class InstanceActor
{
    private bool IsOn => _machine?.IsOn == true;

    private IHypervisor Hypervisor => _host.Machines!.Hypervisor;

    private void BeginLife(RunningChange change)
    {
        change.Stage = ChangeStage.Machine;
        switch (change.What)
        {
            case InstanceChange.Start when NeedsMachines():
                StartByOrder();
                break;
            case InstanceChange.Stop c when NeedsMachines():
                Stop(c.GraceSeconds, () => EndChange(null));
                break;
            case InstanceChange.Reboot c when NeedsMachines():
                Stop(c.GraceSeconds, StartByOrder);
                break;
            case InstanceChange.Rebuild:
                BeginRebuild(change);
                break;
            case InstanceChange.Capture when _host.Captures is null:
                EndChange(Cannot("makes no images"));
                break;
            case InstanceChange.Attach c:
                BeginAttach(change, c);
                break;
            case InstanceChange.Detach c:
                BeginDetach(change, c);
                break;
            case InstanceChange.Start or InstanceChange.Stop or InstanceChange.Reboot:
                break;
            default:
                Measure();
                break;
        }
    }

    private bool NeedsMachines()
    {
        if (_host.Machines is not null)
            return true;
        EndChange(Cannot("runs no machines"));
        return false;
    }

    private LaunchError Cannot(string what) => new(
        LaunchErrorCode.InvalidRequest,
        $"instance {_id}: host {_host.Id} {what}",
        IsRetryable: false);

    private void StartByOrder() => StartMachine((error, _) =>
    {
        _change!.Final = r => WithPower(r, error is null);
        EndChange(error);
    });

    private void Stop(int graceSeconds, Action then) => CallMachine(
        cancellation => Hypervisor.StopAsync(
            _id, TimeSpan.FromSeconds(graceSeconds), cancellation),
        error =>
        {
            if (error is not null)
            {
                EndChange(error);
                return;
            }

            if (IsOn)
                _machine = new MachineStatus(PowerState.Stopped, PowerCause.Ended);
            _change!.Final = r => WithPower(r, isOn: false);
            if (_isRemovalWanted)
                EndChange(null);
            else
                then();
        });

    /// <summary>The machine that was stopped for a change runs again, however the change ended.
    /// </summary>
    private void Restart(RunningChange change, LaunchError? error)
    {
        (change.Stage, change.IsRestarted) = (ChangeStage.Machine, true);
        var final = change.Final;
        StartMachine((failure, _) =>
        {
            change.Final = r => WithPower(final?.Invoke(r) ?? r, failure is null) with
            {
                StartsAfterChange = false,
            };
            EndChange(error ?? failure);
        });
    }

    /// <summary>Makes the image, once it is the instance's turn.</summary>
    private void Capture(RunningChange change, InstanceChange.Capture capture)
    {
        change.Stage = ChangeStage.Machine;
        var captures = _host.Captures!;
        var root = _record!.Disks.First(d => d.Name == DiskName.Root);
        var running = IsOn ? Hypervisor as ICopiesRunningDisks : null;
        if (IsOn && running is null)
        {
            EndChange(Cannot("copies no disk that runs; stop the instance first"));
            return;
        }

        CapturedImage? made = null;
        var progress = CopyProgress(change, root);
        var (host, cluster) = (Context.Parent, _cluster);
        CallMachine(
            async cancellation =>
            {
                var copy = running is null ? null : captures.IncomingCopy(_id);
                if (running is not null)
                {
                    await running.CopyDiskAsync(
                        _id, DiskName.Root, copy!, progress, cancellation);
                }

                try
                {
                    made = await captures.CaptureAsync(
                        new CaptureRequest(_id, root, copy) { Cluster = cluster },
                        progress,
                        cancellation);
                }
                finally
                {
                    host.Tell(new InstanceProtocol.CaptureEnded(), ActorRefs.NoSender);
                }
            },
            error =>
            {
                change.Captured = made is null ? null : ImageOf(capture, made);
                EndChange(error);
            });
    }

    private ThrottledProgress<long> CopyProgress(RunningChange change, InstanceDisk root)
    {
        var (self, attempt) = (Self, _attempt);
        change.TotalBytes = root.VirtualSizeBytes;
        return new ThrottledProgress<long>(
            _time,
            _host.Limits.ProgressEvery,
            done => self.Tell(
                new DiskChanging(attempt, DiskName.Root, done), ActorRefs.NoSender));
    }

    private static Image ImageOf(InstanceChange.Capture capture, CapturedImage made) =>
        capture.Of with
        {
            Name = capture.Name,
            Source = made.Source,
            Digest = made.Digest,
            Format = made.Format,
            SizeBytes = made.SizeBytes,
            VirtualSizeBytes = made.VirtualSizeBytes,
            MinDiskBytes = made.VirtualSizeBytes,
        };
}

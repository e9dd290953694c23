using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.HostProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>The folders of another system's instances on this host.</summary>
public sealed partial class HostActor
{
    private void OnScanFolder(ScanFolder scan)
    {
        if (_host.ForeignFolders is not { } folders)
        {
            Sender.Tell(new ScanFailed(new LaunchError(
                LaunchErrorCode.InvalidRequest,
                $"host {_host.Id} adopts no instances; name their folder in its configuration",
                IsRetryable: false)));
            return;
        }

        _ = folders.ScanAsync(scan.Folder, scan.WithDigests, CancellationToken.None).PipeTo(
            Sender,
            Self,
            success: found => new SchedulerProtocol.FolderScanned(found),
            failure: cause => new ScanFailed(
                Failures.ToError(cause, $"looking at {scan.Folder} on host {_host.Id}")));
    }
}

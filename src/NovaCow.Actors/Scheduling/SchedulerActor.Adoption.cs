using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;
using LaunchAccepted = NovaCow.Actors.Protocols.SchedulerProtocol.LaunchAccepted;

namespace NovaCow.Actors.Scheduling;

/// <summary>Another system's instances: clients ask, and a host that has them looks.</summary>
public sealed partial class SchedulerActor
{
    private void AdoptionCommands()
    {
        Command<ScanFolder>(OnScanFolder);
        Command<Adopt>(m => Carry(
            _core.Adopt(m.Instances, Now), d => new LaunchAccepted(d.Instances)));
    }

    private void OnScanFolder(ScanFolder scan)
    {
        if (!_hosts.TryGetValue(scan.Host, out var host))
        {
            Answer(Refuse(
                RequestErrorCode.HostNotFound,
                $"host {scan.Host}: it is not connected; look at the list of hosts"));
            return;
        }

        var question = new HostProtocol.ScanFolder(scan.Folder, scan.WithDigests);
        _ = host.Ask<object>(question, _settings.ScanPatience).PipeTo(
            Sender,
            Self,
            success: answer => answer switch
            {
                FolderScanned found => found,
                HostProtocol.ScanFailed failed => Refuse(
                    RequestErrorCode.InvalidRequest, failed.Error.Message),
                _ => throw new InvalidOperationException($"a scan was answered by {answer}"),
            },
            failure: _ => Refuse(
                RequestErrorCode.Timeout,
                $"host {scan.Host}: did not say in time what is in {scan.Folder}; ask again"));
    }
}

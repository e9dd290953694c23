using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Actors.Protocols;

/// <summary>
/// Registers everything that crosses a link or goes into the journal under a short manifest. A
/// manifest is never given to another type: what was written under it may be read for years.
/// </summary>
public static partial class WireMessages
{
    /// <summary>Registers all of them; once for each serializer.</summary>
    public static MessageSerializer Register(MessageSerializer serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        Requests(serializer);
        Hosts(serializer);
        Care(serializer);
        Fleet(serializer);
        Cache(serializer);
        Moves(serializer);
        Machines(serializer);
        Captures(serializer);
        Journal(serializer);
        return serializer;
    }

    private static void Requests(MessageSerializer s) => s
        .Register<SchedulerProtocol.Refused>("refused")
        .Register<SchedulerProtocol.RegisterImage>("image.register")
        .Register<SchedulerProtocol.ImageRegistered>("image.registered")
        .Register<SchedulerProtocol.DeleteImage>("image.delete")
        .Register<SchedulerProtocol.ImageDeleted>("image.deleted")
        .Register<SchedulerProtocol.GetImage>("image.get")
        .Register<SchedulerProtocol.ImageFound>("image.found")
        .Register<SchedulerProtocol.ListImages>("image.list")
        .Register<SchedulerProtocol.ImageList>("image.listed")
        .Register<SchedulerProtocol.GetFlavor>("flavor.get")
        .Register<SchedulerProtocol.FlavorFound>("flavor.found")
        .Register<SchedulerProtocol.ListFlavors>("flavor.list")
        .Register<SchedulerProtocol.FlavorList>("flavor.listed")
        .Register<SchedulerProtocol.Launch>("vm.launch")
        .Register<SchedulerProtocol.LaunchAccepted>("vm.accepted")
        .Register<SchedulerProtocol.DeleteInstance>("vm.delete")
        .Register<SchedulerProtocol.GetInstance>("vm.get")
        .Register<SchedulerProtocol.InstanceFound>("vm.found")
        .Register<SchedulerProtocol.ListInstances>("vm.list")
        .Register<SchedulerProtocol.InstancePage>("vm.page")
        .Register<SchedulerProtocol.AwaitInstance>("vm.await")
        .Register<SchedulerProtocol.ChangeInstance>("vm.change")
        .Register<SchedulerProtocol.CancelInstanceChange>("vm.change-cancel")
        .Register<SchedulerProtocol.ListHosts>("host.list")
        .Register<SchedulerProtocol.HostList>("host.listed")
        .Register<SchedulerProtocol.GetHost>("host.get")
        .Register<SchedulerProtocol.HostFound>("host.found")
        .Register<SchedulerProtocol.ListBases>("base.list")
        .Register<SchedulerProtocol.BaseList>("base.listed")
        .Register<SchedulerProtocol.ExplainPlacement>("placement.explain")
        .Register<SchedulerProtocol.ExplainInstance>("placement.why")
        .Register<SchedulerProtocol.PlacementExplained>("placement.explained")
        .Register<SchedulerProtocol.ScanFolder>("folder.scan")
        .Register<SchedulerProtocol.FolderScanned>("folder.scanned")
        .Register<SchedulerProtocol.Adopt>("vm.adopt")
        .Register<SchedulerProtocol.SubscribeEvents>("events.subscribe")
        .Register<SchedulerProtocol.EventsSubscribed>("events.subscribed")
        .Register<SchedulerProtocol.UnsubscribeEvents>("events.unsubscribe")
        .Register<SchedulerProtocol.Events>("events");

    private static void Hosts(MessageSerializer s) => s
        .Register<SchedulerProtocol.HostHello>("h.hello")
        .Register<SchedulerProtocol.HostReport>("h.report")
        .Register<SchedulerProtocol.BaseProgress>("h.base")
        .Register<SchedulerProtocol.InstanceProgress>("h.progress")
        .Register<SchedulerProtocol.Prepared>("h.prepared")
        .Register<SchedulerProtocol.LaunchFailed>("h.failed")
        .Register<SchedulerProtocol.Activated>("h.active")
        .Register<SchedulerProtocol.Deleted>("h.deleted")
        .Register<HostProtocol.Welcome>("h.welcome")
        .Register<HostProtocol.Prepare>("h.prepare")
        .Register<HostProtocol.Commit>("h.commit")
        .Register<HostProtocol.Discard>("h.discard")
        .Register<HostProtocol.ScanFolder>("h.scan")
        .Register<HostProtocol.ScanFailed>("h.scan-failed")
        .Register<HostProtocol.SayHello>("h.say-hello")
        .Register<SchedulerProtocol.ChangeProgressed>("h.changing")
        .Register<SchedulerProtocol.Changed>("h.changed")
        .Register<SchedulerProtocol.ChangeFailed>("h.change-failed")
        .Register<HostProtocol.Change>("h.change")
        .Register<HostProtocol.CancelChange>("h.change-cancel");

    private static void Journal(MessageSerializer s) => s
        .Register<ClusterFounded>("j.founded")
        .Register<ImageRegistered>("j.image+")
        .Register<ImageDeleted>("j.image-")
        .Register<HostJoined>("j.host+")
        .Register<HostLost>("j.host-")
        .Register<AttemptDisowned>("j.disowned")
        .Register<LaunchAccepted>("j.accepted")
        .Register<LaunchPlaced>("j.placed")
        .Register<AttemptEnded>("j.ended")
        .Register<LaunchCommitted>("j.committed")
        .Register<LaunchActivated>("j.active")
        .Register<LaunchFailed>("j.failed")
        .Register<LaunchDeleting>("j.deleting")
        .Register<LaunchDeleted>("j.deleted")
        .Register<ChangeAccepted>("j.change+")
        .Register<ChangeCancelling>("j.change-")
        .Register<ChangeEnded>("j.change.ended")
        .Register<SchedulerSnapshot>("j.snapshot")
        .Register<SnapshotPlace>("j.parts")
        .Register<SavedLaunches>(
            "j.launches", SavedLaunchesCodec.Write, SavedLaunchesCodec.Read);
}

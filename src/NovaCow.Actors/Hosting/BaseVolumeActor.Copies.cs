using NovaCow.Actors.Protocols;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Actors.Hosting;

/// <summary>Disks that own their bytes: they need the base only while they are made, and take long
/// enough for somebody to ask how far they are.</summary>
internal sealed partial class BaseVolumeActor
{
    private void OnCopied(long doneBytes)
    {
        if (Find(Sender) is not { Requester: not null, IsLeaving: false } clone)
            return;
        Context.Parent.Tell(new DiskProgressed(
            clone.Id.Instance, clone.Attempt, clone.Id.Disk, doneBytes,
            clone.Request is { Transfer: not null } moved
                ? moved.VirtualSizeBytes
                : _content.VirtualSizeBytes()));
    }
}

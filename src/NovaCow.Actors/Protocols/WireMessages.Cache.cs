using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Actors.Protocols;

public static partial class WireMessages
{
    private static void Cache(MessageSerializer s) => s
        .Register<SchedulerProtocol.Precache>("cache.want")
        .Register<SchedulerProtocol.PinImage>("cache.pin")
        .Register<SchedulerProtocol.GetCache>("cache.get")
        .Register<SchedulerProtocol.CacheFound>("cache.found")
        .Register<SchedulerProtocol.UpdateImage>("image.update")
        .Register<SchedulerProtocol.AbortImageUpdate>("image.update-abort")
        .Register<SchedulerProtocol.RollBackImage>("image.rollback")
        .Register<HostProtocol.EnsureBase>("h.ensure-base")
        .Register<HostProtocol.Keep>("h.keep")
        .Register<ImageCacheSet>("j.cache")
        .Register<ImageUpdateBegun>("j.update+")
        .Register<ImageSwitched>("j.update")
        .Register<ImageUpdateEnded>("j.update-");
}

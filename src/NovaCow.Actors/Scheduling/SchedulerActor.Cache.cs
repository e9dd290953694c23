using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Scheduling;

/// <summary>The copies and versions of images: what clients ask, and what hosts are told.</summary>
public sealed partial class SchedulerActor
{
    private void CacheCommands()
    {
        Command<Precache>(m => Carry(
            _core.Precache(m.Image, m.Copies, m.Hosts, Now), _ => Cache(m.Image)));
        Command<PinImage>(m => Carry(
            m.IsPinned ? _core.Pin(m.Image, m.Hosts, Now) : _core.Unpin(m.Image, m.Hosts, Now),
            _ => Cache(m.Image)));
        Command<GetCache>(m => Answer(Cache(m.Image)));
        Command<UpdateImage>(m => Carry(
            _core.UpdateImage(m.Next, m.MinWarm, Now), _ => Found(m.Next.Name)));
        Command<AbortImageUpdate>(m => Carry(
            _core.AbortUpdate(m.Name, Now), _ => Found(m.Name)));
        Command<RollBackImage>(m => Carry(_core.RollBack(m.Name, Now), _ => Found(m.Name)));
    }

    private object Cache(ImageName? name) => _core.CacheOf(name, Now) is { } images
        ? new CacheFound(images, _core.HostCaches())
        : NoSuchImage(name!);

    private object Found(ImageName name) => _core.State.Images.TryGetValue(name, out var image)
        ? new ImageFound(image) { Versions = _core.VersionsOf(name, Now) }
        : NoSuchImage(name);

    private static Refused NoSuchImage(ImageName name) => Refuse(
        RequestErrorCode.ImageNotFound,
        $"image {name}: not in the catalogue; look for its name in the list of images");

    private void OnEvictBase(EvictBase evict)
    {
        if (_core.WhyKept(evict.Host, evict.Key) is { } kept)
            Answer(new Refused(kept));
        else
            PassOn(evict.Host, request => new HostProtocol.EvictBase(request, evict.Key));
    }

    private void CarryOutCache(SchedulerEffect effect)
    {
        var epoch = _settings.Leadership.Epoch;
        switch (effect)
        {
            case SchedulerEffect.EnsureBase e:
                ToHost(e.Host, new HostProtocol.EnsureBase(epoch, e.Image));
                break;
            case SchedulerEffect.Keep e:
                ToHost(e.Host, new HostProtocol.Keep(epoch, e.Kept));
                break;
            case SchedulerEffect.DropCaptures e:
                ToHost(e.Host, new HostProtocol.DropCaptures(epoch, e.Number, e.Digests));
                break;
        }
    }
}

using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.BaseVolumeProtocol;

namespace NovaCow.Benchmarks.Storage;

/// <summary>Stands in for HostActor over one BaseVolumeActor: gives it its turn to be made and
/// takes its reports.</summary>
internal sealed class BaseHome : ReceiveActor
{
    public BaseHome(HostSettings host, BaseContent content)
    {
        var child = Context.ActorOf(
            Props.Create(
                () => new BaseVolumeActor(host, new HostTally(), content, new FoundBase(null, []))),
            "base");
        Receive<WhichBase>(_ => Sender.Tell(child));
        Receive<AskToBuild>(_ => Sender.Tell(new MayBuild()));
        Receive<IBaseVolumeMessage>(_ => { });
    }

    /// <summary>Answered by the base's reference.</summary>
    internal sealed record WhichBase;
}

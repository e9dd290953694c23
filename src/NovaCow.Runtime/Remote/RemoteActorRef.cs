using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote.Wire;

namespace NovaCow.Runtime.Remote;

/// <summary>An actor at the other end of one link. It ends with the link.</summary>
internal sealed class RemoteActorRef : InternalActorRef, ISystemBound
{
    private const string OncePath = "/temp";

    private readonly long _uid;
    private ActorPath? _path;

    private RemoteActorRef(Link link, AddressKind kind, long number, string name, long uid)
    {
        (Link, Kind, Number, Name, _uid) = (link, kind, number, name, uid);
    }

    public Link Link { get; }

    /// <summary>Whether the peer finds it by number or by path.</summary>
    public AddressKind Kind { get; }

    public long Number { get; }

    /// <summary>The path at the peer. The writer swaps in an equal string of its own.</summary>
    public string Name { get; set; }

    /// <summary>The writer's abbreviation of the name, as far as it still stands.</summary>
    public int NameSlot { get; set; } = -1;

    public ActorSystem System => Link.System;

    public override ActorPath Path =>
        _path ??= RemotePath.Under(Link.Root, Name).WithUid(_uid);

    public override bool IsLocal => false;

    public override bool IsTerminated => Link.IsDown;

    /// <summary>Whether it is short-lived, such as an ask.</summary>
    public bool IsOnce => ReferenceEquals(Name, OncePath);

    /// <summary>Whoever is at that path at the peer.</summary>
    public static RemoteActorRef Named(Link link, string path) =>
        new(link, AddressKind.Named, 0, path, RemotePath.SplitUid(path).Uid);

    /// <summary>An actor that the peer introduced.</summary>
    public static RemoteActorRef Introduced(Link link, long number, string path) =>
        new(link, AddressKind.Yours, number, path, RemotePath.SplitUid(path).Uid);

    /// <summary>A short-lived reference of the peer.</summary>
    public static RemoteActorRef Once(Link link, long number) =>
        new(link, AddressKind.Yours, number, OncePath, number);

    public override void Tell(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        Link.Send(this, message, sender);
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        switch (message)
        {
            case Watch watch:
                Link.Watches.Watch(this, watch.Watcher);
                break;
            case Unwatch unwatch:
                Link.Watches.Unwatch(this, unwatch.Watcher);
                break;
        }
    }
}

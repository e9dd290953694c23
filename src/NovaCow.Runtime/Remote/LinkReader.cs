using System.Text;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote.Wire;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Runtime.Remote;

/// <summary>
/// The receiving half of a link: takes frames apart and delivers, on the one thread that reads.
/// It decides whom a peer may address: who was introduced to it, and what is exported.
/// </summary>
internal sealed class LinkReader(Link link, Links links, LinkWriter writer)
{
    private readonly List<NamedTarget?> _names = [];
    private readonly List<string?> _manifests = [];
    private readonly Dictionary<long, RemoteActorRef> _introduced = [];
    private readonly HashSet<string> _warned = [];

    public void Handle(ReadOnlySpan<byte> frame, int maxMessageBytes)
    {
        if (frame.IsEmpty || frame[0] != (byte)FrameKind.Batch)
            throw new LinkProtocolException("a frame that is no batch");
        var reader = new RecordReader(frame[1..], maxMessageBytes);
        while (reader.Read())
        {
            if (reader.Current.Type == RecordType.Message)
                Deliver(ref reader.Current);
            else
                Apply(ref reader.Current);
        }
    }

    private void Apply(ref Record record)
    {
        switch (record.Type)
        {
            case RecordType.Name:
                Define(_names, record.Number, new NamedTarget(TextOf(ref record)));
                break;
            case RecordType.Manifest:
                Define(_manifests, record.Number, TextOf(ref record));
                break;
            case RecordType.Introduce:
                Introduce(ref record);
                break;
            case RecordType.Forget:
                _introduced.Remove(record.Number);
                break;
            case RecordType.Watch:
                link.Watches.WatchFor(record.Number, Target(ref record));
                break;
            case RecordType.Unwatch:
                link.Watches.UnwatchFor(record.Number);
                break;
            case RecordType.Terminated:
                link.Watches.Ended(record.Number, record.Existed);
                break;
            case RecordType.Leader:
                link.HintLeader(TextOf(ref record));
                break;
        }
    }

    private void Deliver(ref Record record)
    {
        var target = Target(ref record);
        var sender = Sender(ref record);
        var manifest = At(_manifests, record.Number, "manifest");
        object message;
        try
        {
            message = links.Serializer.Deserialize(manifest, record.Payload);
        }
        catch (Exception e) when (e is UnknownManifestException or MessageFormatException)
        {
            WarnOnce("manifest " + manifest, e.Message);
            message = new UnreadableMessage(manifest, record.Payload.Length, e.Message);
            link.System.DeadLetterOffice.Take(message, sender, target);
            return;
        }
        if (link.Guard?.RefuseMessage(message) is { } why)
        {
            WarnOnce($"refused {manifest}", $"a message of {link.Peer} is not delivered: {why}");
            link.System.DeadLetterOffice.Take(message, sender, target);
            if (record.SenderKind == AddressKind.Once)
                sender!.Tell(new Status.Failure(new LinkException(why)), ActorRefs.NoSender);
        }
        else if (message is IAutoReceivedMessage)
            link.System.DeadLetterOffice.Take(message, sender, target);
        else
            target.Tell(message, sender);
        if (record.TargetKind == AddressKind.Yours)
            writer.Introduced.Delivered(record.Target, target);
    }

    private InternalActorRef Target(ref Record record)
    {
        if (record.TargetKind == AddressKind.Named)
            return Resolve(At(_names, record.Target, "name"));
        return writer.Introduced.Find(record.Target) as InternalActorRef
            ?? new MissingActorRef(
                link.System.DeadLetters.Path.CreateChild("forgotten", record.Target),
                link.System);
    }

    private IActorRef? Sender(ref Record record) => record.SenderKind switch
    {
        AddressKind.None => null,
        AddressKind.Mine => _introduced.TryGetValue(record.Sender, out var actor)
            ? actor
            : throw new LinkProtocolException($"actor {record.Sender} was not introduced"),
        AddressKind.Once => RemoteActorRef.Once(link, record.Sender),
        AddressKind.Yours => writer.Introduced.Find(record.Sender),
        _ => Resolve(At(_names, record.Sender, "name")),
    };

    private InternalActorRef Resolve(NamedTarget name)
    {
        if (name.Actor is { IsTerminated: false } actor)
            return actor;
        var isPath = ActorPath.TryParse(link.System.LocalAddress + name.Path, out var path);
        if (isPath && links.IsExported(name.Path))
            return name.Actor = link.System.ResolveActorRef(path!);
        WarnOnce(
            "path " + name.Path,
            $"{link.Peer} addresses '{name.Path}', which is not exported here");
        path = link.System.DeadLetters.Path / "not-exported";
        return new MissingActorRef(path, link.System);
    }

    private void Introduce(ref Record record)
    {
        if (_introduced.Count > Limits.Introductions)
            throw new LinkProtocolException($"more than {Limits.Introductions} introductions");
        _introduced[record.Number] =
            RemoteActorRef.Introduced(link, record.Number, TextOf(ref record));
    }

    private void WarnOnce(string key, string warning)
    {
        if (_warned.Count < Limits.Interned && _warned.Add(key))
            links.Log.Warning("{0}", warning);
    }

    private static string TextOf(ref Record record) => Encoding.UTF8.GetString(record.Text);

    private static void Define<T>(List<T?> table, long number, T value)
    {
        if (number == table.Count && number < Limits.Interned)
            table.Add(value);
        else if (number < table.Count)
            table[(int)number] = value;
        else
            throw new LinkProtocolException($"abbreviation {number} is out of order");
    }

    private static T At<T>(List<T?> table, long number, string what)
        where T : class =>
        number < table.Count
            ? table[(int)number]!
            : throw new LinkProtocolException($"{what} {number} was not defined");

    private sealed class NamedTarget(string path)
    {
        public string Path => path;

        /// <summary>Who was there when it was last looked up.</summary>
        public InternalActorRef? Actor { get; set; }
    }
}

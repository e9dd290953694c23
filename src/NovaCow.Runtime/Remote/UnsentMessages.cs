using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote.Wire;

namespace NovaCow.Runtime.Remote;

/// <summary>Makes dead letters of what a link that ended had not sent. They are read back from
/// the frames, so that a link keeps bytes only.</summary>
internal sealed class UnsentMessages(Link link, Links links, LinkWriter writer)
{
    /// <summary>Of a longer queue the rest is counted, not read back.</summary>
    private const int MaxLetters = 1_000;

    private int _count;

    public void ToDeadLetters()
    {
        while (writer.TakeUnsent() is { } segment)
        {
            var reader = new RecordReader(segment.Frame.Span[1..], int.MaxValue);
            while (reader.Read())
            {
                if (reader.Current.Type == RecordType.Message && _count++ < MaxLetters)
                    ToDeadLetter(ref reader.Current);
            }
            segment.Return();
        }
        if (_count > 0)
            links.Log.Warning("{0} messages to {1} were not sent", _count, link.Peer);
    }

    private void ToDeadLetter(ref Record record)
    {
        var manifest = writer.ManifestOf(record.Number) ?? "";
        object message;
        try
        {
            message = links.Serializer.Deserialize(manifest, record.Payload);
        }
        catch (Exception e)
        {
            message = new UnreadableMessage(manifest, record.Payload.Length, e.Message);
        }
        var target = record.TargetKind == AddressKind.Named
            ? RemoteActorRef.Named(link, writer.NameOf(record.Target) ?? "/unknown")
            : RemoteActorRef.Once(link, record.Target);
        var sender = record.SenderKind is AddressKind.Mine or AddressKind.Once
            ? writer.Introduced.Find(record.Sender)
            : null;
        link.System.DeadLetterOffice.Take(message, sender, target);
    }
}

using System.Buffers;
using System.Text;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Runtime.Remote;

/// <summary>Lets the runtime's own answers cross links: a success, with what it carries if that
/// is registered, and a failure, as its text.</summary>
internal static class RuntimeMessages
{
    private const byte End = 0;

    public static void Register(MessageSerializer serializer)
    {
        // Several systems of one process may share a serializer.
        if (serializer.TryGetManifest(new Status.Success(null), out _))
            return;
        serializer.Register<Status.Success>(
            "rt.ok",
            (message, output) => WriteSuccess(serializer, message, output),
            input => ReadSuccess(serializer, input));
        serializer.Register<Status.Failure>("rt.failed", WriteFailure, ReadFailure);
    }

    private static void WriteSuccess(
        MessageSerializer serializer, Status.Success message, IBufferWriter<byte> output)
    {
        if (message.Status is not { } status)
            return;
        var content = new ArrayBufferWriter<byte>();
        Encoding.UTF8.GetBytes(serializer.Serialize(status, content), output);
        output.Write([End]);
        output.Write(content.WrittenSpan);
    }

    private static Status.Success ReadSuccess(
        MessageSerializer serializer, ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return new Status.Success(null);
        var end = input.IndexOf(End);
        var manifest = Encoding.UTF8.GetString(input[..end]);
        return new Status.Success(serializer.Deserialize(manifest, input[(end + 1)..]));
    }

    private static void WriteFailure(Status.Failure message, IBufferWriter<byte> output)
    {
        var cause = message.Cause;
        var type = cause is RemoteException remote ? remote.Type : cause.GetType().Name;
        Encoding.UTF8.GetBytes(type, output);
        output.Write([End]);
        Encoding.UTF8.GetBytes(cause.Message, output);
    }

    private static Status.Failure ReadFailure(ReadOnlySpan<byte> input)
    {
        var end = input.IndexOf(End);
        return new Status.Failure(new RemoteException(
            Encoding.UTF8.GetString(input[..end]), Encoding.UTF8.GetString(input[(end + 1)..])));
    }
}

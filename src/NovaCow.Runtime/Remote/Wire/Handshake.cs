using System.Text.Json;
using System.Text.Json.Serialization;

namespace NovaCow.Runtime.Remote.Wire;

/// <summary>What a dialler says first.</summary>
internal sealed record Hello(
    int MinVersion, int MaxVersion, NodeIdentity Node, int MaxMessageBytes)
{
    /// <summary>The dialler's clock; older ones do not tell it.</summary>
    public DateTimeOffset? Clock { get; init; }
}

/// <summary>What a listener answers when it accepts.</summary>
internal sealed record Welcome(
    int Version, NodeIdentity Node, int MaxMessageBytes, string? LeaderAddress);

/// <summary>What a listener answers when it does not.</summary>
internal sealed record Refusal(LinkRefusal Reason, string Message);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Hello))]
[JsonSerializable(typeof(Welcome))]
[JsonSerializable(typeof(Refusal))]
internal sealed partial class HandshakeJson : JsonSerializerContext;

/// <summary>How two processes agree to link: the words, and the decision. Pure.</summary>
internal static class Handshake
{
    public static byte[] Encode(Hello hello) =>
        Frame(FrameKind.Hello, hello, HandshakeJson.Default.Hello);

    public static byte[] Encode(Welcome welcome) =>
        Frame(FrameKind.Welcome, welcome, HandshakeJson.Default.Welcome);

    public static byte[] Encode(Refusal refusal) =>
        Frame(FrameKind.Refusal, refusal, HandshakeJson.Default.Refusal);

    /// <summary>A Hello, a Welcome or a Refusal.</summary>
    public static object Decode(ReadOnlySpan<byte> frame)
    {
        if (frame.IsEmpty)
            throw Malformed("an empty frame");
        var json = frame[1..];
        try
        {
            return (FrameKind)frame[0] switch
            {
                FrameKind.Hello =>
                    (object?)JsonSerializer.Deserialize(json, HandshakeJson.Default.Hello),
                FrameKind.Welcome =>
                    JsonSerializer.Deserialize(json, HandshakeJson.Default.Welcome),
                FrameKind.Refusal =>
                    JsonSerializer.Deserialize(json, HandshakeJson.Default.Refusal),
                var kind => throw Malformed($"a frame of kind {kind:d}"),
            } ?? throw Malformed("null");
        }
        catch (JsonException e)
        {
            throw Malformed(e.Message);
        }
    }

    public static Hello HelloOf(LinkOptions options) =>
        new(Limits.MinVersion, Limits.MaxVersion, options.Self, options.MaxMessageBytes);

    /// <summary>The reason to refuse a hello; null when there is none.</summary>
    public static Refusal? Refuse(Hello hello, NodeIdentity self)
    {
        var peer = hello.Node;
        if (peer.Cluster != self.Cluster)
        {
            return new(
                LinkRefusal.Cluster,
                $"{peer} belongs to cluster '{peer.Cluster}' and {self} to '{self.Cluster}': " +
                "correct the cluster's name or the seeds of one of them");
        }
        if (peer.Incarnation == self.Incarnation)
            return new(LinkRefusal.Self, $"{self} dialled itself: leave it out of its own seeds");
        if (hello.MinVersion > Limits.MaxVersion || hello.MaxVersion < Limits.MinVersion)
        {
            return new(
                LinkRefusal.Version,
                $"{peer} speaks link protocol {hello.MinVersion} to {hello.MaxVersion}, {self} " +
                $"{Limits.MinVersion} to {Limits.MaxVersion}: upgrade the older of the two");
        }
        return null;
    }

    /// <summary>The acceptance of a hello that is not refused.</summary>
    public static Welcome WelcomeTo(Hello hello, LinkOptions options, string? leaderAddress) =>
        new(
            Math.Min(hello.MaxVersion, Limits.MaxVersion),
            options.Self,
            options.MaxMessageBytes,
            leaderAddress);

    public static LinkRefusedException Malformed(string what) => new(
        LinkRefusal.Malformed,
        $"the peer's handshake is not one ({what}): is the address that of a NovaCow node?");

    private static byte[] Frame<T>(
        FrameKind kind,
        T value,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        if (json.Length >= Limits.HandshakeBytes)
        {
            throw new LinkException(
                $"the handshake takes {json.Length} bytes of {Limits.HandshakeBytes}: " +
                "shorten the node's name, roles or address");
        }
        return [(byte)kind, .. json];
    }
}

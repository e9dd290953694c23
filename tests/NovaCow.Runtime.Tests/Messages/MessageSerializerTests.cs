using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Runtime.Tests.Messages;

public sealed class MessageSerializerTests
{
    private readonly MessageSerializer _serializer = new MessageSerializer()
        .Register<Launch>("launch")
        .Register(typeof(Drained), "drained")
        .Register<Tick>(
            "tick",
            static (tick, output) =>
            {
                BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(8), tick.Number);
                output.Advance(8);
            },
            static input => new Tick(BinaryPrimitives.ReadInt64BigEndian(input)));

    [Fact]
    public void Registered_messages_round_trip_under_their_manifest()
    {
        object[] messages =
            [new Launch("vm-1", 3, ["a", "b"]), new Drained("h1"), new Tick(long.MaxValue)];
        string[] manifests = ["launch", "drained", "tick"];
        foreach (var (message, manifest) in messages.Zip(manifests))
        {
            var bytes = new ArrayBufferWriter<byte>();
            Assert.Equal(manifest, _serializer.Serialize(message, bytes));
            var copy = _serializer.Deserialize(manifest, bytes.WrittenSpan);
            Assert.Equivalent(message, copy, strict: true);
            Assert.True(_serializer.TryGetManifest(message, out var found));
            Assert.Equal(manifest, found);
        }
    }

    [Fact]
    public void Json_is_camel_case_and_ignores_what_it_does_not_know()
    {
        var bytes = new ArrayBufferWriter<byte>();
        _serializer.Serialize(new Launch("vm-1", 3, []), bytes);
        var json = Encoding.UTF8.GetString(bytes.WrittenSpan);
        Assert.Equal("""{"instanceId":"vm-1","attempt":3,"tags":[]}""", json);
        var newer = """{"instanceId":"vm-1","attempt":3,"tags":[],"color":"red"}"""u8;
        Assert.IsType<Launch>(_serializer.Deserialize("launch", newer));
    }

    [Fact]
    public void What_is_unknown_or_malformed_is_named()
    {
        var unknown = Assert.Throws<UnknownManifestException>(
            () => _serializer.Deserialize("System.Diagnostics.Process", "{}"u8));
        Assert.Equal("System.Diagnostics.Process", unknown.Manifest);
        var unregistered = Assert.Throws<UnregisteredMessageException>(
            () => _serializer.Serialize("text", new ArrayBufferWriter<byte>()));
        Assert.Equal(typeof(string), unregistered.MessageType);
        Assert.False(_serializer.TryGetManifest("text", out _));
        foreach (var bad in (string[])["", "null", "[]", "{", "{\"attempt\":\"x\"}"])
        {
            var e = Assert.Throws<MessageFormatException>(
                () => _serializer.Deserialize("launch", Encoding.UTF8.GetBytes(bad)));
            Assert.Equal("launch", e.Manifest);
        }

        Assert.Throws<MessageFormatException>(() => _serializer.Deserialize("tick", "abc"u8));
    }

    [Fact]
    public void A_type_and_a_manifest_are_registered_once()
    {
        Assert.Throws<ArgumentException>(() => _serializer.Register<Launch>("other"));
        Assert.Throws<ArgumentException>(() => _serializer.Register<string>("launch"));
        Assert.Throws<UnknownManifestException>(() => _serializer.Deserialize("other", "{}"u8));
        Assert.Equal(3, _serializer.Registrations().Count());
    }

    private sealed record Launch(string InstanceId, int Attempt, string[] Tags);

    private sealed record Drained(string Host);

    private sealed record Tick(long Number);
}

using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace NovaCow.Runtime.Serialization;

/// <summary>Writes one message after its manifest.</summary>
public delegate void MessageWriter<in T>(T message, IBufferWriter<byte> output);

/// <summary>Reads one message from exactly its bytes.</summary>
public delegate T MessageReader<out T>(ReadOnlySpan<byte> input);

/// <summary>
/// The register of what may leave the process: each type under a short manifest that outlives
/// renames. JSON unless the type brings its own codec. It never loads a type that a peer names.
/// </summary>
public sealed class MessageSerializer
{
    private readonly ConcurrentDictionary<Type, Codec> _byType = new();
    private readonly ConcurrentDictionary<string, Codec> _byManifest = new(StringComparer.Ordinal);
    private readonly JsonSerializerOptions _json;

    /// <param name="resolver">Generated metadata, to be used before reflection.</param>
    public MessageSerializer(IJsonTypeInfoResolver? resolver = null)
        : this(new JsonSerializerOptions(JsonSerializerDefaults.General)
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            TypeInfoResolver = JsonTypeInfoResolver.Combine(
                resolver, new DefaultJsonTypeInfoResolver()),
        })
    {
    }

    public MessageSerializer(JsonSerializerOptions json) => _json = json;

    /// <summary>Registers a type that is written as JSON.</summary>
    public MessageSerializer Register<T>(string manifest)
        where T : notnull => Register(manifest, WriteJson, ReadJson<T>);

    /// <summary>As <see cref="Register{T}(string)"/>, for a type found by reflection.</summary>
    public MessageSerializer Register(Type type, string manifest)
    {
        ArgumentNullException.ThrowIfNull(type);
        Add(type, manifest, new Codec(
            manifest,
            (message, output) =>
            {
                using var writer = new Utf8JsonWriter(output);
                JsonSerializer.Serialize(writer, message, type, _json);
            },
            input => JsonSerializer.Deserialize(input, type, _json)));
        return this;
    }

    /// <summary>Registers a type with a codec of its own.</summary>
    public MessageSerializer Register<T>(
        string manifest, MessageWriter<T> write, MessageReader<T> read)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(write);
        ArgumentNullException.ThrowIfNull(read);
        Add(typeof(T), manifest, new Codec(
            manifest, (message, output) => write((T)message, output), input => read(input)));
        return this;
    }

    public bool TryGetManifest(object message, [NotNullWhen(true)] out string? manifest)
    {
        ArgumentNullException.ThrowIfNull(message);
        manifest = _byType.TryGetValue(message.GetType(), out var codec) ? codec.Manifest : null;
        return manifest is not null;
    }

    /// <summary>The registered types, for tests that round-trip them all.</summary>
    public IEnumerable<(Type Type, string Manifest)> Registrations() =>
        _byType.Select(entry => (entry.Key, entry.Value.Manifest));

    /// <summary>Writes the message and returns its manifest.</summary>
    /// <exception cref="UnregisteredMessageException">The type has no manifest.</exception>
    public string Serialize(object message, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (!_byType.TryGetValue(message.GetType(), out var codec))
            throw new UnregisteredMessageException(message.GetType());
        codec.Write(message, output);
        return codec.Manifest;
    }

    /// <exception cref="UnknownManifestException">Nothing is registered under it.</exception>
    /// <exception cref="MessageFormatException">The bytes do not fit the type.</exception>
    public object Deserialize(string manifest, ReadOnlySpan<byte> input)
    {
        if (!_byManifest.TryGetValue(manifest, out var codec))
            throw new UnknownManifestException(manifest);
        try
        {
            return codec.Read(input) ?? throw new JsonException("the message is null");
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            throw new MessageFormatException(manifest, cause);
        }
    }

    private void Add(Type type, string manifest, Codec codec)
    {
        ArgumentException.ThrowIfNullOrEmpty(manifest);
        if (!_byManifest.TryAdd(manifest, codec))
        {
            throw new ArgumentException(
                $"manifest '{manifest}' is taken: {type} needs another", nameof(manifest));
        }

        if (!_byType.TryAdd(type, codec))
        {
            _byManifest.TryRemove(manifest, out _);
            throw new ArgumentException(
                $"{type} is registered already, as '{_byType[type].Manifest}'", nameof(manifest));
        }
    }

    private void WriteJson<T>(T message, IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output);
        JsonSerializer.Serialize(writer, message, _json);
    }

    private T ReadJson<T>(ReadOnlySpan<byte> input) =>
        JsonSerializer.Deserialize<T>(input, _json)!;

    private sealed record Codec(
        string Manifest, MessageWriter<object> Write, MessageReader<object?> Read);
}

/// <summary>A message of this type was to leave the process without being registered.</summary>
public sealed class UnregisteredMessageException(Type type)
    : InvalidOperationException(
        $"{type} has no manifest: register it with the MessageSerializer before it is sent or "
        + "stored")
{
    public Type MessageType => type;
}

/// <summary>A manifest from outside that this build does not know.</summary>
public sealed class UnknownManifestException(string manifest)
    : InvalidOperationException(
        $"unknown message manifest '{manifest}': the sender is of another version, or its type is "
        + "not registered here")
{
    public string Manifest => manifest;
}

/// <summary>The bytes of a message do not fit its manifest.</summary>
public sealed class MessageFormatException(string manifest, Exception cause)
    : FormatException($"message '{manifest}' cannot be read: {cause.Message}", cause)
{
    public string Manifest => manifest;
}

using System.Buffers;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Runtime.Persistence;

/// <summary>
/// A snapshot that is too large for one value: its parts are events of a stream beside the actor's
/// own, and the snapshot itself says only which. It is saved once all parts are, so that a crash
/// leaves the older one, and parts that the next save removes.
/// </summary>
internal static class SnapshotParts
{
    /// <summary>Makes the parts and writes them, one at a time, so that other writes come between.
    /// </summary>
    /// <exception cref="StoreException">The older snapshot stands.</exception>
    public static async Task SaveAsync(
        PersistenceExtension extension, SnapshotMetadata metadata, IEnumerable<object> parts,
        Fence? fence)
    {
        var (store, stream) = (extension.Store, StreamOf(metadata.PersistenceId));
        var first = 1 + await store.ReadHighestSequenceNrAsync(stream, CancellationToken.None)
            .ConfigureAwait(false);
        var next = first;
        var buffer = new ArrayBufferWriter<byte>();
        foreach (var part in parts)
        {
            buffer.ResetWrittenCount();
            var manifest = extension.Serializer.Serialize(part, buffer);
            await store.AppendAsync(
                new(stream, next++, [new(manifest, buffer.WrittenSpan.ToArray())], fence),
                CancellationToken.None).ConfigureAwait(false);
        }

        buffer.ResetWrittenCount();
        var place = extension.Serializer.Serialize(new SnapshotPlace(first, next - 1), buffer);
        await store.SaveSnapshotAsync(
            new(metadata.PersistenceId, metadata.SequenceNr,
                new(place, buffer.WrittenSpan.ToArray())),
            fence,
            CancellationToken.None).ConfigureAwait(false);

        // A newer snapshot may have been there already: what it refers to stays.
        var newest = await store.LoadSnapshotAsync(metadata.PersistenceId, CancellationToken.None)
            .ConfigureAwait(false);
        if (newest is not null
            && Deserialize(extension.Serializer, newest.Payload) is SnapshotPlace kept)
        {
            await store.DeleteEventsAsync(stream, kept.First - 1, fence, CancellationToken.None)
                .ConfigureAwait(false);
        }
    }

    /// <summary>The parts of a snapshot, in order; one that was saved whole is its only part.
    /// </summary>
    /// <exception cref="StoreException">Parts are missing.</exception>
    public static async IAsyncEnumerable<object> ReadAsync(
        PersistenceExtension extension, SnapshotRecord snapshot)
    {
        var saved = Deserialize(extension.Serializer, snapshot.Payload);
        if (saved is not SnapshotPlace place)
        {
            yield return saved;
            yield break;
        }

        var next = place.First;
        await foreach (var part in extension.Store.ReadAsync(
            StreamOf(snapshot.PersistenceId), place.First, CancellationToken.None)
            .ConfigureAwait(false))
        {
            if (part.SequenceNr != next || next > place.Last)
                break;
            yield return Deserialize(extension.Serializer, part.Payload);
            next++;
        }

        if (next <= place.Last)
        {
            throw new StoreException(
                $"stream {snapshot.PersistenceId}: part {next} of its snapshot, of "
                    + $"{place.First} to {place.Last}, is missing; put a backup of the store in "
                    + "its place");
        }
    }

    private static object Deserialize(MessageSerializer serializer, StoredPayload payload) =>
        serializer.Deserialize(payload.Manifest, payload.Bytes.Span);

    private static string StreamOf(string persistenceId) => persistenceId + "/snapshot";
}

/// <summary>A snapshot whose parts are events of the stream beside the actor's own. An actor that
/// saves in parts needs a manifest for it.</summary>
/// <param name="First">The first part's number.</param>
/// <param name="Last">The last part's.</param>
public sealed record SnapshotPlace(long First, long Last);

using System.Security.Cryptography;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Transfer;

/// <summary>Writes all of a store as <see cref="TransferLine"/>s, in the memory that one page of
/// events takes.</summary>
public sealed class StoreExport : IDisposable
{
    private readonly Stream _output;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private StoreExport(Stream output) => _output = output;

    /// <param name="view">The store.</param>
    /// <param name="output">Gets it; it is not closed.</param>
    /// <param name="cancellationToken">Stops in the midst: what was written has no end.</param>
    public static async Task<TransferTotals> WriteAsync(
        IStoreView view, Stream output, CancellationToken cancellationToken)
    {
        using var export = new StoreExport(new BufferedStream(output, 1 << 16));
        return await export.WriteAsync(view, cancellationToken);
    }

    public void Dispose() => _hash.Dispose();

    private async Task<TransferTotals> WriteAsync(
        IStoreView view, CancellationToken cancellationToken)
    {
        var totals = new TransferTotals();
        await AddAsync(
            new()
            {
                Format = TransferLine.FormatName,
                Version = TransferLine.FormatVersion,
            },
            cancellationToken);
        await foreach (var stream in view.StreamsAsync(cancellationToken))
        {
            totals = totals with { Streams = totals.Streams + 1 };
            totals = await AddStreamAsync(view, stream, totals, cancellationToken);
        }
        foreach (var lease in await view.LeasesAsync(cancellationToken))
        {
            await AddAsync(new() { Lease = lease.Name, Epoch = lease.Epoch }, cancellationToken);
            totals = totals with { Leases = totals.Leases + 1 };
        }
        var digest = Convert.ToHexStringLower(_hash.GetHashAndReset());
        await AddAsync(new() { End = totals, Sha256 = digest }, cancellationToken);
        await _output.FlushAsync(cancellationToken);
        return totals;
    }

    private async Task<TransferTotals> AddStreamAsync(
        IStoreView view,
        StoredStream stream,
        TransferTotals totals,
        CancellationToken cancellationToken)
    {
        await AddAsync(
            new() { Stream = stream.PersistenceId, Highest = stream.HighestSequenceNr },
            cancellationToken);
        if (await view.SnapshotAsync(stream.PersistenceId, cancellationToken) is { } snapshot)
        {
            await AddAsync(
                Line(snapshot.Payload) with { Snapshot = snapshot.SequenceNr }, cancellationToken);
            totals = totals with { Snapshots = totals.Snapshots + 1 };
        }
        var events = 0L;
        await foreach (var stored in view.EventsAsync(stream.PersistenceId, cancellationToken))
        {
            await AddAsync(
                Line(stored.Payload) with { Event = stored.SequenceNr }, cancellationToken);
            events++;
        }
        return totals with { Events = totals.Events + events };
    }

    private static TransferLine Line(StoredPayload payload) =>
        new() { Manifest = payload.Manifest, Bytes = payload.Bytes.ToArray() };

    private async ValueTask AddAsync(TransferLine line, CancellationToken cancellationToken)
    {
        byte[] bytes = [.. line.ToBytes(), (byte)'\n'];
        _hash.AppendData(bytes);
        await _output.WriteAsync(bytes, cancellationToken);
    }
}

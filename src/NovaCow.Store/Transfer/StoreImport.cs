using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Store.Transfer;

/// <summary>Fills an empty store with what <see cref="StoreExport"/> wrote: all of it, or nothing.
/// </summary>
public sealed class StoreImport : IDisposable
{
    private const int Batch = 1_000;

    private readonly IStoreFilling _filling;
    private readonly CancellationToken _cancellationToken;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<JournalEvent> _events = new(Batch);
    private TransferTotals _totals = new();
    private string? _stream;
    private long _lastEvent;
    private bool _hasEnded;

    private StoreImport(IStoreFilling filling, CancellationToken cancellationToken) =>
        (_filling, _cancellationToken) = (filling, cancellationToken);

    /// <param name="input">The exported store.</param>
    /// <param name="filling">The empty store; it is committed when all was read and is right.
    /// </param>
    /// <param name="cancellationToken">Stops in the midst: the store stays empty.</param>
    /// <exception cref="StoreException">The input is damaged, cut short, or something else.
    /// </exception>
    public static async Task<TransferTotals> ReadAsync(
        Stream input, IStoreFilling filling, CancellationToken cancellationToken)
    {
        using var import = new StoreImport(filling, cancellationToken);
        using var reader = new StreamReader(
            input, new UTF8Encoding(false, true), false, 1 << 16, leaveOpen: true);
        var number = 0;
        try
        {
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                number++;
                await import.TakeAsync(Encoding.UTF8.GetBytes(line), isFirst: number == 1);
            }
        }
        catch (Exception failure) when (
            failure is JsonException or DecoderFallbackException or FormatException)
        {
            throw new StoreException(
                $"the exported store is damaged at line {number}: {failure.Message}; nothing was "
                + "imported; export it again",
                failure);
        }
        if (!import._hasEnded)
        {
            throw new StoreException(
                $"the exported store is cut short after line {number}; nothing was imported; "
                + "export it again");
        }
        await filling.CommitAsync(cancellationToken);
        return import._totals;
    }

    public void Dispose() => _hash.Dispose();

    private async Task TakeAsync(byte[] bytes, bool isFirst)
    {
        var line = TransferLine.Parse(bytes);
        if (_hasEnded) throw new FormatException("there is more after its end");
        if (isFirst) CheckFormat(line);
        if (line.End is { } end)
        {
            await FlushAsync();
            CheckEnd(end, line.Sha256);
            return;
        }
        _hash.AppendData(bytes);
        _hash.AppendData("\n"u8);
        if (!isFirst) await AddAsync(line);
    }

    private static void CheckFormat(TransferLine line)
    {
        if (line.Format != TransferLine.FormatName)
            throw new FormatException("it does not begin as an exported store does");
        if (line.Version is < 1 or > TransferLine.FormatVersion or null)
        {
            throw new StoreException(
                $"the exported store is of version {line.Version}, this NovaCow knows "
                + $"{TransferLine.FormatVersion}; import it with a NovaCow that knows it");
        }
    }

    private void CheckEnd(TransferTotals end, string? sha256)
    {
        if (end != _totals || Convert.ToHexStringLower(_hash.GetHashAndReset()) != sha256)
            throw new FormatException("its checksum or its totals differ");
        _hasEnded = true;
    }

    private async Task AddAsync(TransferLine line)
    {
        switch (line)
        {
            case { Stream: { } id, Highest: { } highest }:
                await FlushAsync();
                (_stream, _lastEvent) = (id, 0);
                await _filling.AddStreamAsync(new(id, highest), _cancellationToken);
                _totals = _totals with { Streams = _totals.Streams + 1 };
                break;
            case { Snapshot: { } number, Manifest: { } manifest, Bytes: { } bytes }
                when _stream is not null:
                await _filling.AddSnapshotAsync(
                    new(_stream, number, new(manifest, bytes)), _cancellationToken);
                _totals = _totals with { Snapshots = _totals.Snapshots + 1 };
                break;
            case { Event: { } number, Manifest: { } manifest, Bytes: { } bytes }
                when _stream is not null && number > _lastEvent:
                _lastEvent = number;
                _events.Add(new(number, new(manifest, bytes)));
                if (_events.Count == Batch) await FlushAsync();
                break;
            case { Lease: { } name, Epoch: { } epoch }:
                await FlushAsync();
                await _filling.AddLeaseAsync(name, epoch, _cancellationToken);
                _totals = _totals with { Leases = _totals.Leases + 1 };
                break;
            default:
                throw new FormatException("it is no lease, no stream, and not what comes next in one");
        }
    }

    private async Task FlushAsync()
    {
        if (_events.Count == 0) return;
        await _filling.AddEventsAsync(_events, _cancellationToken);
        _totals = _totals with { Events = _totals.Events + _events.Count };
        _events.Clear();
    }
}
